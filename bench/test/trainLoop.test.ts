import { mapLeaves, mul, type Tensor, tensor } from "@kinship/tensor";
import { expect, test } from "vitest";
import { verify } from "../src/harness/verify.js";
import { type Kinship, kinshipCompiled } from "../src/peers/kinship.js";
import { trainingLoop } from "../src/rows/trainLoop.js";

const library = (await kinshipCompiled.load()) as Kinship;
const { cases, implementations, inputs, reference, tolerance } = trainingLoop;

const namedCases = cases.map((row) => [row.name, row.parameters] as const);
type Parameters = (typeof namedCases)[number][1];

/** What the row answers after so many runs. */
async function answer(kinship: Kinship, parameters: Parameters, runs = 1) {
  const prepared = await implementations.kinship!(kinship, inputs(parameters), parameters);
  let trained: unknown;
  for (let run = 0; run < runs; run++) trained = await prepared.run();
  return prepared.read(trained);
}

const verdict = async (kinship: Kinship, parameters: Parameters) =>
  verify(await answer(kinship, parameters), reference(inputs(parameters), parameters), tolerance(parameters));

test.each(namedCases)("%s: right, and the same bits in each run", async (_, parameters) => {
  expect(await verdict(library, parameters)).toMatchObject({ right: true });
  expect(await answer(library, parameters, 3)).toEqual(await answer(library, parameters));
});

/** The gradient of one unit's bias, in the first layer that has that many, points the wrong way. */
function spoil<G>(gradient: G): G {
  let isFound = false;
  return mapLeaves("spoil", gradient, (leaf) => {
    if (isFound || leaf.dimension !== 1 || leaf.size < 32) return leaf;
    isFound = true;
    return mul(leaf, tensor(Float32Array.from({ length: leaf.size }, (_, unit) => (unit === 3 ? -1 : 1))));
  });
}

const spoilt: Kinship = {
  ...library,
  autodiff: {
    ...library.autodiff,
    valueAndGrad: ((loss: never) => {
      const right = library.autodiff.valueAndGrad(loss) as (...inputs: unknown[]) => [Tensor, unknown];
      return (...inputs: unknown[]) => {
        const [value, gradient] = right(...inputs);
        return [value, spoil(gradient)];
      };
    }) as never,
  },
  mtl: {
    ...library.mtl,
    adam: (options) => {
      const right = library.mtl.adam(options);
      return { ...right, update: (state, gradients, ...rest) => right.update(state, spoil(gradients), ...rest) };
    },
  },
};

test.each(namedCases)("%s: a wrong gradient of a single number is found in the weights", async (_, parameters) => {
  expect(await verdict(spoilt, parameters)).toMatchObject({ right: false });
  // Not in the loss: a net learns everything by heart by other weights too.
  const [[share]] = (await answer(spoilt, parameters)) as [[number]];
  expect(share).toBeLessThan(tolerance(parameters));
});

test.each(namedCases)("%s: training that ends after a twentieth of them is found in the loss", async (_, all) => {
  const steps = (all.steps as number) / 20;
  expect(await verdict(library, { ...all, steps })).toMatchObject({ right: false });
});
