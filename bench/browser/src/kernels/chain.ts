import { add, mul, tanh } from "@kinship/tensor";
import { uniform } from "../../../src/harness/values.js";
import type { Kernel, Problem } from "./kernel.js";

const chain = (n: number): Problem => ({
  inputs: Object.fromEntries(["a", "b", "c", "d"].map((name, seed) => [name, uniform([n], seed)])),
  ours: ({ a, b, c, d }) => mul(tanh(add(mul(a!, b!), c!)), d!),
  tfjs: (tf, { a, b, c, d }) => tf.mul(tf.tanh(tf.add(tf.mul(a!, b!), c!)), d!),
  tolerance: 1e-5,
});

export const tanhChain: Kernel = {
  name: "tanh chain",
  about: "tanh(a·b + c)·d, element by element",
  sizes: [4, 5, 6].map((power) => ({
    name: `10${"⁰¹²³⁴⁵⁶"[power]}`,
    chosen: power === 6,
    make: () => chain(10 ** power),
  })),
};
