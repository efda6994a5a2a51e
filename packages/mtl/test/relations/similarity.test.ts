import {
  correlationKinship,
  covarianceKinship,
  createRandom,
  descriptorKinship,
  fitKNorm,
  gaussianKernel,
  InputError,
  identityKinship,
  kinshipMatrix,
  linearKernel,
  predictTask,
  similarityKinship,
} from "@kinship/mtl";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { smallestEigenvalue } from "../../src/algebra/eigenvalues.js";

const entry = fc.integer({ min: -32, max: 32 }).map((k) => k / 16);
const symmetric = fc
  .integer({ min: 1, max: 6 })
  .chain((n) =>
    fc
      .array(entry, { minLength: n * n, maxLength: n * n })
      .map((flat) =>
        Array.from({ length: n }, (_, i) =>
          Array.from({ length: n }, (_, j) => flat[Math.max(i, j) * n + Math.min(i, j)]!),
        ),
      ),
  );
const names = (count: number) => Array.from({ length: count }, (_, t) => `t${t}`);
const multiply = (a: number[][], b: number[][]) =>
  a.map((row) => b[0]!.map((_, j) => row.reduce((sum, value, k) => sum + value * b[k]![j]!, 0)));
const rows = (flat: Float64Array, n: number) => Array.from({ length: n }, (_, i) => [...flat.slice(i * n, i * n + n)]);

test("the covariance's K is its inverse", () => {
  fc.assert(
    fc.property(symmetric, (a) => {
      const n = a.length;
      const sigma = multiply(a, a).map((row, i) => row.map((value, j) => value + (i === j ? 0.5 : 0)));
      const k = rows(kinshipMatrix(covarianceKinship(sigma)(names(n))), n);
      for (const [i, row] of multiply(sigma, k).entries())
        for (const [j, value] of row.entries()) expect(value).toBeCloseTo(i === j ? 1 : 0, 8);
    }),
  );
});

test("through the Laplacian any similarity gives a K that is positive semi-definite, and what it says it is", () => {
  fc.assert(
    fc.property(symmetric, fc.array(entry, { minLength: 6, maxLength: 6 }), (s, w) => {
      const n = s.length;
      const k = kinshipMatrix(similarityKinship(s, { ridge: 0 })(names(n)));
      expect(smallestEigenvalue(k, n)).toBeGreaterThan(-1e-12 * n * 2);
      let penalty = 0;
      let expected = 0;
      for (let i = 0; i < n; i++)
        for (let j = 0; j < n; j++) {
          penalty += k[i * n + j]! * w[i]! * w[j]!;
          if (j < i) expected += Math.abs(s[i]![j]!) * (w[i]! - Math.sign(s[i]![j]!) * w[j]!) ** 2;
        }
      expect(penalty).toBeCloseTo(expected, 8);
    }),
  );
});

test("through the inverse a similarity is a covariance", () => {
  const s = [[1, 0.5], [0.5, 1]]; // biome-ignore format: a matrix
  const inverse = kinshipMatrix(similarityKinship(s, { through: "inverse", ridge: 0 })(["a", "b"]));
  expect([...inverse]).toEqual([...kinshipMatrix(covarianceKinship(s)(["a", "b"]))]);
  expect(kinshipMatrix(correlationKinship(s)(["a", "b"]))[1]).toBeCloseTo(-0.5, 12);
});

describe("refused", () => {
  test.each<[string, () => unknown, RegExp]>([
    ["a singular covariance", () => covarianceKinship([[1, 1], [1, 1]]), /not positive definite, its smallest eigenvalue is/], // biome-ignore format: a matrix
    ["an asymmetric similarity", () => similarityKinship([[1, 2], [0, 1]]), /the similarity is not symmetric/], // biome-ignore format: a matrix
    ["a correlation of 2", () => correlationKinship([[1, 2], [2, 1]]), /entry \[0, 1\] is 2; correlations lie in/], // biome-ignore format: a matrix
    ["a correlation with 3 on its diagonal", () => correlationKinship([[3]]), /entry \[0, 0\] is 3/],
    ["not a number", () => covarianceKinship([[Number.NaN]]), /\[0, 0\] is NaN/],
    ["a width of 0", () => gaussianKernel(0), /the width must be a finite number > 0/],
    ["own = 0", () => descriptorKinship({ descriptors: new Map(), own: 0 }), /own must be a finite number > 0/],
    ["descriptors of two lengths", () => descriptorKinship({ descriptors: new Map([["a", [1]], ["b", [1, 2]]]) }), /differ in length, 1 numbers and 2 \(task "b"\)/], // biome-ignore format: a map
    [
      "a descriptor that is infinite",
      () => descriptorKinship({ descriptors: new Map([["a", [1 / 0]]]) }),
      /holds Infinity at place 1/,
    ],
    [
      "a task without one",
      () => descriptorKinship({ descriptors: new Map([["a", [1]]]) }).kinship(["b"]),
      /task "b" has no descriptor/,
    ],
  ])("%s", (_, make, message) => {
    expect(make).toThrow(InputError);
    expect(make).toThrow(message);
  });
});

describe.each([
  ["linear", linearKernel],
  ["Gaussian", gaussianKernel(2)],
])("descriptors with a %s kernel", (_, kernel) => {
  const random = createRandom(3);
  const draw = () => random() + random() + random() - 1.5;
  const descriptors = new Map(Array.from({ length: 40 }, (_, t) => [`t${t}`, [2 * draw(), 2 * draw()]] as const));
  const truth = ([a, b]: readonly number[]) => [1 + a! - 0.5 * b!, -1 + 0.5 * a! + b!];
  const tasks = [...descriptors].map(([name, descriptor]) => {
    const x = Array.from({ length: 4 }, () => [draw(), draw()]);
    const w = truth(descriptor);
    return { name, x, y: x.map((row) => row[0]! * w[0]! + row[1]! * w[1]! + 0.1 * draw()) };
  });
  const { kinship, kinOf } = descriptorKinship({ descriptors, kernel });

  test("a task never seen gets the weights that its descriptor tells", () => {
    const model = fitKNorm({ tasks, kinship, lambda: 0.1, intercept: "none" });
    const plain = fitKNorm({ tasks, kinship: identityKinship(), lambda: 0.1, intercept: "none" });
    let near = 0;
    let size = 0;
    for (let t = 0; t < 20; t++) {
      const descriptor = [draw(), draw()];
      const kin = new Map([["new", kinOf(descriptor, model.kinship.tasks)]]);
      const w = truth(descriptor);
      const [a, b] = predictTask(model, "new", [[1, 0], [0, 1]], { kin }); // biome-ignore format: a matrix
      near += (a! - w[0]!) ** 2 + (b! - w[1]!) ** 2;
      size += w[0]! ** 2 + w[1]! ** 2;
    }
    expect(near / size).toBeLessThan(0.02);
    expect(() => predictTask(plain, "new", [[1, 0]])).toThrow(/give the node that stands for it in parents, or shares/);
  });

  test("kin are the conditional expectation of the Gaussian prior", () => {
    const some = [...descriptors.keys()].slice(0, 5);
    const point = [0.3, -0.2];
    const all = descriptorKinship({
      descriptors: new Map<string, readonly number[]>([...descriptors, ["new", point]]),
      kernel,
    });
    // E[w_new | w] = −P_new,new⁻¹ P_new,t w_t, with P the precision of all of them.
    const p = kinshipMatrix(all.kinship([...some, "new"]));
    const shares = kinOf(point, some);
    for (const [t, task] of some.entries()) expect(shares.get(task)).toBeCloseTo(-p[5 * 6 + t]! / p[35]!, 8);
  });

  test("kin that the model does not know are refused", () => {
    const model = fitKNorm({ tasks, kinship, lambda: 1 });
    const kin = new Map([["new", new Map([["nobody", 1]])]]);
    expect(() => predictTask(model, "new", [[1, 0]], { kin })).toThrow(/the kin of task "new" hold "nobody"/);
  });
});
