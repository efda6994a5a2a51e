import type { Tensor } from "@kinship/tensor";
import { callFamily } from "../harness/family.js";
import { type Inputs, uniform } from "../harness/values.js";
import type { Kinship } from "../peers/kinship.js";
import { PlainAdam } from "./adam.js";
import { type Arrays, addTo, affine, affineBackward, arraysOf, relu, reluBackward } from "./plain.js";
import { convolve, convolveBackward, crossEntropy, maxPool, maxPoolBackward } from "./plainImages.js";
import { type Loss, oneHot, trainJax, trainKinship, trainTfjs } from "./training.js";

const SIDE = 28;
const SIZE = 3;
const FIRST = 32;
const SECOND = 64;
const WIDTH = 64;
const CLASSES = 10;
/** 28 → 26 → 13 → 11 → 5. */
const [AFTER_FIRST, POOLED, AFTER_SECOND, LAST] = [26, 13, 11, 5];
const FLAT = SECOND * LAST ** 2;
const HEADS = [0, 1];
const STEPS = 2;

const PARAMETERS: Inputs = {
  f1: uniform([FIRST, 1, SIZE, SIZE], 1, 2 ** -1),
  c1: uniform([FIRST], 2, 2 ** -4),
  f2: uniform([SECOND, FIRST, SIZE, SIZE], 3, 2 ** -4),
  c2: uniform([SECOND], 4, 2 ** -4),
  w: uniform([FLAT, WIDTH], 5, 2 ** -5),
  b: uniform([WIDTH], 6, 2 ** -4),
  w_0: uniform([WIDTH, CLASSES], 7, 2 ** -3),
  b_0: uniform([CLASSES], 8, 2 ** -4),
  w_1: uniform([WIDTH, CLASSES], 9, 2 ** -3),
  b_1: uniform([CLASSES], 10, 2 ** -4),
};

export const cnnParameters = Object.keys(PARAMETERS);

export function cnnInputs({ batch }: { batch: number }): Inputs {
  const labels = (seed: number) => oneHot(uniform([batch], seed), CLASSES);
  return { x: uniform([batch, 1, SIDE, SIDE], 11), y_0: labels(12), y_1: labels(13), ...PARAMETERS };
}

/** In plain loops: the loss and its gradient in each parameter. */
export function plainCnn(state: Arrays, given: Inputs, batch: number): { loss: number; gradients: Arrays } {
  const x = Float64Array.from(given.x!.data);
  const images = { batch, channels: 1, side: SIDE };
  const inner = { batch, channels: FIRST, side: POOLED };
  const filters1 = { data: state.f1!, out: FIRST, size: SIZE };
  const filters2 = { data: state.f2!, out: SECOND, size: SIZE };
  const a1 = relu(convolve(x, images, filters1, state.c1!));
  const p1 = maxPool(a1, AFTER_FIRST);
  const a2 = relu(convolve(p1.values, inner, filters2, state.c2!));
  const p2 = maxPool(a2, AFTER_SECOND);
  const h = relu(affine(p2.values, state.w!, state.b!));
  const gradients: Record<string, Float64Array> = {};
  const hGradient = new Float64Array(h.length);
  let total = 0;
  for (const head of HEADS) {
    const scores = affine(h, state[`w_${head}`]!, state[`b_${head}`]!);
    const { loss, gradient } = crossEntropy(scores, given[`y_${head}`]!.data, CLASSES);
    total += loss;
    const back = affineBackward(h, state[`w_${head}`]!, CLASSES, gradient);
    addTo(hGradient, back.x);
    gradients[`w_${head}`] = back.w;
    gradients[`b_${head}`] = back.b;
  }
  const dense = affineBackward(p2.values, state.w!, WIDTH, reluBackward(h, hGradient));
  const g2 = reluBackward(a2, maxPoolBackward(p2.places, dense.x, a2.length));
  const second = convolveBackward(p1.values, inner, filters2, g2);
  const g1 = reluBackward(a1, maxPoolBackward(p1.places, second.x, a1.length));
  const first = convolveBackward(x, images, filters1, g1);
  Object.assign(gradients, { w: dense.w, b: dense.b, f2: second.w, c2: second.b, f1: first.w, c1: first.b });
  return { loss: total, gradients };
}

function reference(given: Inputs, { batch }: { batch: number }): Float64Array[] {
  const state = arraysOf(given, cnnParameters);
  const adam = new PlainAdam(cnnParameters.map((name) => state[name]!));
  let last = 0;
  for (let step = 0; step < STEPS; step++) {
    const { loss, gradients } = plainCnn(state, given, batch);
    adam.update(cnnParameters.map((name) => gradients[name]!));
    last = loss;
  }
  return [Float64Array.of(last), ...cnnParameters.map((name) => state[name]!)];
}

/** The same loss of tensors. */
export const cnnLoss =
  (ops: Kinship["ops"], batch: number): Loss<Tensor> =>
  (p, data) => {
    const { add, conv2d, logSoftmax, matmul, maxPool2d, maximum, mean, mul, reshape, sum } = ops;
    const channelwise = (bias: Tensor) => reshape(bias, [bias.size, 1, 1]);
    const p1 = maxPool2d(maximum(add(conv2d(data.x!, p.f1!), channelwise(p.c1!)), 0), 2);
    const p2 = maxPool2d(maximum(add(conv2d(p1, p.f2!), channelwise(p.c2!)), 0), 2);
    const h = maximum(add(matmul(reshape(p2, [batch, FLAT]), p.w!), p.b!), 0);
    return HEADS.map((head) => {
      const scores = add(matmul(h, p[`w_${head}`]!), p[`b_${head}`]!);
      return mul(mean(sum(mul(logSoftmax(scores), data[`y_${head}`]!), { axis: -1 })), -1);
    }).reduce((total, term) => add(total, term));
  };

/** A step of training: two convolutions with pooling, a dense layer, two heads of ten classes, Adam. */
export const cnnStep = callFamily<{ batch: number }>({
  name: "CNN step",
  about:
    "one step of training conv32, pool, conv64, pool, dense64 and two heads of ten classes on 28 × 28 images, by Adam",
  cases: [
    { name: "batch 2", parameters: { batch: 2 }, quick: true },
    { name: "batch 32", parameters: { batch: 32 } },
  ],
  runsBeforeReading: STEPS,
  compiles: true,
  // Adam's first step is ± its rate whatever the gradient's size: where that is rounding alone, signs differ.
  tolerance: () => 1e-3,
  inputs: cnnInputs,
  reference,
  work: ({ batch }) => {
    const first = SIZE ** 2 * FIRST * AFTER_FIRST ** 2;
    const rest = SIZE ** 2 * FIRST * SECOND * AFTER_SECOND ** 2 + FLAT * WIDTH + HEADS.length * WIDTH * CLASSES;
    return { flops: 2 * batch * (2 * first + 3 * rest) };
  },
  implementations: {
    kinship: (kinship, given, { batch }) =>
      trainKinship(kinship, { inputs: given, parameters: cnnParameters, loss: cnnLoss(kinship.ops, batch) }),
    tfjs: (tfjs, given, { batch }) => {
      const { tf } = tfjs;
      // Channels come last there: images, filters, and the rows of the first dense layer.
      const rows = (w: ReturnType<typeof tf.relu>, from: number[], axes: number[]) =>
        tf.reshape(tf.transpose(tf.reshape(w, [...from, WIDTH]), axes), [FLAT, WIDTH]);
      return trainTfjs(tfjs, {
        inputs: given,
        parameters: cnnParameters,
        arrange: (name, tensor) => {
          if (name === "x") return tf.transpose(tensor, [0, 2, 3, 1]);
          if (name === "f1" || name === "f2") return tf.transpose(tensor, [2, 3, 1, 0]);
          return name === "w" ? rows(tensor, [SECOND, LAST, LAST], [1, 2, 0, 3]) : tensor;
        },
        restore: (name, tensor) => {
          if (name === "f1" || name === "f2") return tf.transpose(tensor, [3, 2, 0, 1]);
          return name === "w" ? rows(tensor, [LAST, LAST, SECOND], [2, 0, 1, 3]) : tensor;
        },
        loss: (p, data) => {
          const p1 = tf.maxPool(tf.relu(tf.add(tf.conv2d(data.x!, p.f1!, 1, "valid"), p.c1!)), 2, 2, "valid");
          const p2 = tf.maxPool(tf.relu(tf.add(tf.conv2d(p1, p.f2!, 1, "valid"), p.c2!)), 2, 2, "valid");
          const h = tf.relu(tf.add(tf.matMul(tf.reshape(p2, [batch, FLAT]), p.w!), p.b!));
          return HEADS.map((head) => {
            const scores = tf.add(tf.matMul(h, p[`w_${head}`]!), p[`b_${head}`]!);
            return tf.mul(tf.mean(tf.sum(tf.mul(tf.logSoftmax(scores), data[`y_${head}`]!), -1)), -1);
          }).reduce((total, term) => tf.add(total, term));
        },
      });
    },
    jax: (library, given, { batch }) => {
      const { jax, np } = library;
      type A = ReturnType<typeof library.from>;
      // Windows of two by two as axes of their own: the first 2·⌊n/2⌋ rows and columns.
      const pool = (images: A, channels: number, half: number) => {
        const even = images.slice([], [], [0, 2 * half], [0, 2 * half]);
        return np.max(even.reshape([batch, channels, half, 2, half, 2]), [3, 5]);
      };
      return trainJax(library, {
        inputs: given,
        parameters: cnnParameters,
        loss: (p, data) => {
          const a1 = jax.nn.relu(jax.lax.conv(data.x!, p.f1!, [1, 1], "VALID").add(p.c1!.reshape([FIRST, 1, 1])));
          const p1 = pool(a1, FIRST, POOLED);
          const a2 = jax.nn.relu(jax.lax.conv(p1, p.f2!, [1, 1], "VALID").add(p.c2!.reshape([SECOND, 1, 1])));
          const p2 = pool(a2, SECOND, LAST);
          const h = jax.nn.relu(np.matmul(p2.reshape([batch, FLAT]), p.w!).add(p.b!));
          const terms = HEADS.map((head) => {
            const scores = np.matmul(h.ref, p[`w_${head}`]!).add(p[`b_${head}`]!);
            return np.mean(np.sum(jax.nn.logSoftmax(scores, -1).mul(data[`y_${head}`]!), -1)).mul(-1);
          });
          h.dispose();
          return terms.reduce((total, term) => total.add(term));
        },
      });
    },
  },
});
