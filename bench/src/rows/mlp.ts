import type { Tensor } from "@kinship/tensor";
import { callFamily } from "../harness/family.js";
import { type Inputs, uniform } from "../harness/values.js";
import type { Kinship } from "../peers/kinship.js";
import { ADAM, corrections, PlainAdam } from "./adam.js";
import { type Arrays, addTo, affine, affineBackward, arraysOf, relu, reluBackward } from "./plain.js";
import { type Loss, trainJax, trainKinship, trainTfjs } from "./training.js";

export type Sizes = { batch: number; features: number; width: number; heads: number };

const parametersOf = ({ features, width, heads }: Sizes): Inputs => ({
  w1: uniform([features, width], 1, 2 ** -2),
  b1: uniform([width], 2, 2 ** -3),
  w2: uniform([width, width], 3, 2 ** -2),
  b2: uniform([width], 4, 2 ** -3),
  ...Object.fromEntries(
    Array.from({ length: heads }, (_, head) => [
      [`w_${head}`, uniform([width, 1], 10 + head, 2 ** -2)],
      [`b_${head}`, uniform([1], 20 + head, 2 ** -3)],
    ]).flat(),
  ),
});

const targetsOf = ({ batch, heads }: Sizes): Inputs =>
  Object.fromEntries(Array.from({ length: heads }, (_, head) => [`y_${head}`, uniform([batch, 1], 30 + head)]));

/** Names of a step's parameters, in the order in which they are verified. */
export const parameterNames = (sizes: Sizes): string[] => Object.keys(parametersOf(sizes));

const headsOf = ({ heads }: Sizes): number[] => Array.from({ length: heads }, (_, head) => head);

const STEPS = 5;

/** In plain loops: the loss and its gradient in each parameter. */
export function plainMlp(state: Arrays, inputs: Inputs, sizes: Sizes): { loss: number; gradients: Arrays } {
  const x = Float64Array.from(inputs.x!.data);
  const h1 = relu(affine(x, state.w1!, state.b1!));
  const h2 = relu(affine(h1, state.w2!, state.b2!));
  const gradients: Record<string, Float64Array> = {};
  const h2Gradient = new Float64Array(h2.length);
  let loss = 0;
  for (const head of headsOf(sizes)) {
    const y = inputs[`y_${head}`]!.data;
    const difference = affine(h2, state[`w_${head}`]!, state[`b_${head}`]!).map((value, i) => value - y[i]!);
    loss += difference.reduce((sum, value) => sum + value * value, 0) / sizes.batch;
    const seed = difference.map((value) => (2 * value) / sizes.batch);
    const back = affineBackward(h2, state[`w_${head}`]!, 1, seed);
    addTo(h2Gradient, back.x);
    gradients[`w_${head}`] = back.w;
    gradients[`b_${head}`] = back.b;
  }
  const second = affineBackward(h1, state.w2!, sizes.width, reluBackward(h2, h2Gradient));
  const first = affineBackward(x, state.w1!, sizes.width, reluBackward(h1, second.x));
  Object.assign(gradients, { w2: second.w, b2: second.b, w1: first.w, b1: first.b });
  return { loss, gradients };
}

/** The loss of the last step before it is taken, then the parameters after it. */
function reference(inputs: Inputs, sizes: Sizes): Float64Array[] {
  const names = parameterNames(sizes);
  const state = arraysOf(inputs, names);
  const adam = new PlainAdam(names.map((name) => state[name]!));
  let last = 0;
  for (let step = 0; step < STEPS; step++) {
    const { loss, gradients } = plainMlp(state, inputs, sizes);
    adam.update(names.map((name) => gradients[name]!));
    last = loss;
  }
  return [Float64Array.of(last), ...names.map((name) => state[name]!)];
}

/** The same of tensors. */
export const mlpLoss =
  ({ add, matmul, maximum, mean, mul, sub }: Kinship["ops"], sizes: Sizes): Loss<Tensor> =>
  (p, data) => {
    const h1 = maximum(add(matmul(data.x!, p.w1!), p.b1!), 0);
    const h2 = maximum(add(matmul(h1, p.w2!), p.b2!), 0);
    return headsOf(sizes)
      .map((head) => {
        const difference = sub(add(matmul(h2, p[`w_${head}`]!), p[`b_${head}`]!), data[`y_${head}`]!);
        return mean(mul(difference, difference));
      })
      .reduce((sum, term) => add(sum, term));
  };

export const mlpInputs = (sizes: Sizes): Inputs => ({
  x: uniform([sizes.batch, sizes.features], 5),
  ...parametersOf(sizes),
  ...targetsOf(sizes),
});

/** A step of training: two shared layers, a head of one unit a task, the sum of mean squared errors, Adam. */
export const mlpStep = callFamily<Sizes>({
  name: "MLP step",
  about: "one step of training 28→64→64 with a one-unit head for each task, by Adam",
  cases: [
    {
      name: "4 tasks, batch 64",
      parameters: { batch: 64, features: 28, width: 64, heads: 4 },
      quick: true,
    },
  ],
  runsBeforeReading: STEPS,
  compiles: true,
  tolerance: () => 1e-4,
  inputs: mlpInputs,
  reference,
  // Forward and two products backward for each layer, but none for the inputs.
  work: ({ batch, features, width, heads }) => ({
    flops: 2 * batch * (2 * features * width + 3 * width * width + 3 * width * heads),
  }),
  implementations: {
    kinship: (kinship, inputs, sizes) =>
      trainKinship(kinship, { inputs, parameters: parameterNames(sizes), loss: mlpLoss(kinship.ops, sizes) }),
    tfjs: (tfjs, inputs, sizes) => {
      const { tf } = tfjs;
      return trainTfjs(tfjs, {
        inputs,
        parameters: parameterNames(sizes),
        loss: (p, data) => {
          const h1 = tf.relu(tf.add(tf.matMul(data.x!, p.w1!), p.b1!));
          const h2 = tf.relu(tf.add(tf.matMul(h1, p.w2!), p.b2!));
          return headsOf(sizes)
            .map((head) => {
              const prediction = tf.add(tf.matMul(h2, p[`w_${head}`]!), p[`b_${head}`]!);
              return tf.mean(tf.square(tf.sub(prediction, data[`y_${head}`]!)));
            })
            .reduce((sum, term) => tf.add(sum, term));
        },
      });
    },
    jax: (library, inputs, sizes) => {
      const { jax, np } = library;
      return trainJax(library, {
        inputs,
        parameters: parameterNames(sizes),
        loss: (p, data) => {
          const h1 = jax.nn.relu(np.matmul(data.x!, p.w1!).add(p.b1!));
          const h2 = jax.nn.relu(np.matmul(h1, p.w2!).add(p.b2!));
          const terms = headsOf(sizes).map((head) => {
            const prediction = np.matmul(h2.ref, p[`w_${head}`]!).add(p[`b_${head}`]!);
            return np.mean(np.square(prediction.sub(data[`y_${head}`]!)));
          });
          h2.dispose();
          return terms.reduce((sum, term) => sum.add(term));
        },
      });
    },
    jsPytorch: ({ torch, from, parameter }, inputs, sizes) => {
      const names = parameterNames(sizes);
      const x = from(inputs.x!);
      const y = headsOf(sizes).map((head) => from(inputs[`y_${head}`]!));
      const state = Object.fromEntries(names.map((name) => [name, parameter(inputs[name]!)]));
      const optimizer = new torch.optim.Adam(
        names.map((name) => state[name]!),
        ADAM.rate,
        0,
        [ADAM.beta1, ADAM.beta2],
        ADAM.epsilon,
      );
      let t = 0;
      // Its ReLU lets a thousandth of the negative through: the same mask and product, with zeros.
      const mask = (rows: readonly (readonly number[])[]) => rows.map((row) => row.map((value) => (value > 0 ? 1 : 0)));
      const relu = (z: typeof x) => z.mul(torch.tensor(mask(z.data as unknown as number[][])));
      return {
        run: () => {
          const h1 = relu(torch.add(torch.matmul(x, state.w1!), state.b1!));
          const h2 = relu(torch.add(torch.matmul(h1, state.w2!), state.b2!));
          const loss = headsOf(sizes)
            .map((head) => {
              const prediction = torch.add(torch.matmul(h2, state[`w_${head}`]!), state[`b_${head}`]!);
              const difference = prediction.sub(y[head]!);
              // A sum is over the last axis; MSELoss divides by the batch twice.
              return torch.mul(difference, difference).sum().sum().div(sizes.batch);
            })
            .reduce((sum, term) => torch.add(sum, term));
          loss.backward();
          // Its Adam leaves out bias correction: the same update with a rate and an ε of this step's own.
          const { first, second } = corrections(++t);
          optimizer.lr = (ADAM.rate * first) / Math.sqrt(second);
          optimizer.eps = ADAM.epsilon / Math.sqrt(second);
          optimizer.step();
          optimizer.zero_grad();
          return loss;
        },
        read: (loss) =>
          [loss as typeof x, ...names.map((name) => state[name]!)].map(
            ({ data }) => ([data] as unknown[]).flat(Number.POSITIVE_INFINITY) as number[],
          ),
      };
    },
  },
});
