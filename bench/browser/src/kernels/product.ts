import { matmul } from "@kinship/tensor";
import { uniform } from "../../../src/harness/values.js";
import type { Kernel, Problem } from "./kernel.js";

const squares = (n: number): Problem => ({
  inputs: { a: uniform([n, n], 1), b: uniform([n, n], 2) },
  ours: ({ a, b }) => matmul(a!, b!),
  tfjs: (tf, { a, b }) => tf.matMul(a!, b!),
  tolerance: 1e-5,
});

export const product: Kernel = {
  name: "product",
  about: "of two square matrices",
  sizes: [64, 256, 512, 1024].map((n) => ({ name: `${n}²`, chosen: n === 256, make: () => squares(n) })),
};
