import { largestAbsolute, sumOf } from "../algebra/norms.js";
import type { Regularizer } from "./regularizer.js";
import { spectralPenalty } from "./spectral.js";

/** Ω(W) = Σ_i σ_i(W): the tasks' weights lie in few directions. */
export function traceNorm(): Regularizer {
  return {
    kind: "single",
    name: "trace-norm",
    source: "Ji & Ye, An accelerated gradient method for trace norm minimization, 2009",
    parameters: {},
    on: (shape) =>
      spectralPenalty(shape, {
        value: sumOf,
        proximal: (values, step) => values.map((value) => Math.max(0, value - step)),
        polar: largestAbsolute,
      }),
  };
}
