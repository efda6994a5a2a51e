import { conv2d } from "@kinship/tensor";
import { uniform } from "../../../src/harness/values.js";
import type { Kernel, Problem } from "./kernel.js";

const images = (batch: number): Problem => ({
  inputs: { x: uniform([batch, 16, 28, 28], 1), filters: uniform([32, 16, 3, 3], 2) },
  ours: ({ x, filters }) => conv2d(x!, filters!),
  tfjs: (tf, { x, filters }) => tf.conv2d(x!, filters!, 1, "valid"),
  layout: {
    // Channels come last there.
    there: (tf, name, x) => tf.transpose(x, name === "x" ? [0, 2, 3, 1] : [2, 3, 1, 0]),
    back: (tf, y) => tf.transpose(y, [0, 3, 1, 2]),
  },
  tolerance: 1e-5,
});

export const convolution: Kernel = {
  name: "convolution",
  about: "of 28 × 28 images of 16 channels with 32 filters of 3 × 3",
  sizes: [1, 8].map((batch) => ({ name: `batch ${batch}`, chosen: batch === 1, make: () => images(batch) })),
};
