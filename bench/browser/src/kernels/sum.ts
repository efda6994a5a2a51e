import { sum as ours } from "@kinship/tensor";
import { uniform } from "../../../src/harness/values.js";
import type { Kernel, Problem } from "./kernel.js";

// Of one sign: a sum near zero has no digits to compare.
const total = (n: number): Problem => {
  const { data, shape } = uniform([n], 1);
  return {
    inputs: { x: { data: Float32Array.from(data, Math.abs), shape } },
    ours: ({ x }) => ours(x!),
    tfjs: (tf, { x }) => tf.sum(x!),
    tolerance: 1e-5,
  };
};

export const sum: Kernel = {
  name: "sum",
  about: "of all elements",
  sizes: [5, 6].map((power) => ({
    name: `10${"⁰¹²³⁴⁵⁶"[power]}`,
    chosen: power === 6,
    make: () => total(10 ** power),
  })),
};
