import * as ops from "@kinship/tensor";
import { mlpInputs, mlpLoss, parameterNames, type Sizes } from "../../../src/rows/mlp.js";
import type { Kernel, Problem } from "./kernel.js";

/** The same step as the row of this name. */
function step(width: number, batch: number): Problem {
  const sizes: Sizes = { batch, features: 28, width, heads: 4 };
  const each = Array.from({ length: sizes.heads }, (_, head) => [`w_${head}`, `b_${head}`, `y_${head}`] as const);
  const loss = mlpLoss(ops, sizes);
  return {
    inputs: mlpInputs(sizes),
    learned: parameterNames(sizes),
    ours: (v) => loss(v, v),
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
