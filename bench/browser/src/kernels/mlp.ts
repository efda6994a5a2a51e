import { add, matmul, maximum, mean, mul, sub } from "@kinship/tensor";
import { type Inputs, uniform } from "../../../src/harness/values.js";
import type { Kernel, Problem } from "./kernel.js";

const [features, heads] = [28, 4];

function step(width: number, batch: number): Problem {
  const parameters: Inputs = {
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
  };
  const targets = Array.from({ length: heads }, (_, head) => [`y_${head}`, uniform([batch, 1], 30 + head)]);
  const each = Array.from({ length: heads }, (_, head) => [`w_${head}`, `b_${head}`, `y_${head}`] as const);
  return {
    inputs: { x: uniform([batch, features], 5), ...parameters, ...Object.fromEntries(targets) },
    learned: Object.keys(parameters),
    ours: (v) => {
      const h1 = maximum(add(matmul(v.x!, v.w1!), v.b1!), 0);
      const h2 = maximum(add(matmul(h1, v.w2!), v.b2!), 0);
      return each
        .map(([w, b, y]) => {
          const difference = sub(add(matmul(h2, v[w]!), v[b]!), v[y]!);
          return mean(mul(difference, difference));
        })
        .reduce((total, term) => add(total, term));
    },
    tfjs: (tf, v) => {
      const h1 = tf.relu(tf.add(tf.matMul(v.x!, v.w1!), v.b1!));
      const h2 = tf.relu(tf.add(tf.matMul(h1, v.w2!), v.b2!));
      return each
        .map(([w, b, y]) => tf.mean(tf.square(tf.sub(tf.add(tf.matMul(h2, v[w]!), v[b]!), v[y]!))))
        .reduce((total, term) => tf.add(total, term));
    },
    tolerance: 1e-4,
  };
}

export const mlpStep: Kernel = {
  name: "MLP step",
  about: "one step of training, two shared layers and four heads of one unit, by Adam",
  sizes: [
    { name: "64 wide, batch 64", chosen: true, make: () => step(64, 64) },
    { name: "256 wide, batch 256", chosen: false, make: () => step(256, 256) },
  ],
};
