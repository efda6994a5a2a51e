import { softmax as ours } from "@kinship/tensor";
import { uniform } from "../../../src/harness/values.js";
import type { Kernel, Problem } from "./kernel.js";

const rows = (n: number): Problem => ({
  inputs: { x: uniform([n, n], 1, 4) },
  ours: ({ x }) => ours(x!),
  tfjs: (tf, { x }) => tf.softmax(x!),
  tolerance: 1e-5,
});

export const softmax: Kernel = {
  name: "softmax",
  about: "of each row of a square matrix",
  sizes: [100, 1000].map((n) => ({ name: `${n}²`, chosen: n === 1000, make: () => rows(n) })),
};
