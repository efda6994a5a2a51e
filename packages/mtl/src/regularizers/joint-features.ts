import { columnNorms, sumOf } from "../algebra/norms.js";
import { dualNorm, type Regularizer } from "./regularizer.js";

/** Ω(W) = Σ_j ‖W_·j‖₂, the L2,1 norm: a feature is used by all tasks or by none. */
export function jointFeatures(): Regularizer {
  return {
    kind: "single",
    name: "joint-features",
    source: "Obozinski, Taskar & Jordan, Joint covariate selection, 2010",
    parameters: {},
    on: ({ width }) => ({
      value: (w) => sumOf(columnNorms(w, width)),
      proximal(v, step, out) {
        shrinkColumns(v, width, step, 1, out);
      },
      dual: dualNorm((v) => columnNorms(v, width).reduce((most, norm) => Math.max(most, norm), 0)),
      featurewise: { norm: 1, ridge: 0 },
    }),
  };
}

/** Each column's norm less `step`, not below zero, then divided by `divisor`. */
export function shrinkColumns(v: Float64Array, width: number, step: number, divisor: number, out: Float64Array): void {
  const factors = columnNorms(v, width).map((norm) => (norm > step ? (1 - step / norm) / divisor : 0));
  for (let at = 0; at < v.length; at += width) {
    for (let j = 0; j < width; j++) out[at + j] = factors[j]! * v[at + j]!;
  }
}
