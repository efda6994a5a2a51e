import { columnNorms, sumOf, sumOfSquares } from "../algebra/norms.js";
import { jointFeatures, shrinkColumns } from "./joint-features.js";
import type { Regularizer } from "./regularizer.js";
import { requireShare } from "./requirements.js";
import { ridge } from "./ridge.js";

/**
 * Ω(W) = ρ Σ_j ‖W_·j‖₂ + (1 − ρ)/2 ‖W‖_F² with ρ = `ratio`, scikit-learn's l1_ratio: joint features, correlated ones
 * kept together.
 */
export function elasticNet({ ratio = 0.5 }: { readonly ratio?: number } = {}): Regularizer {
  requireShare(ratio, "elasticNet: ratio");
  const parameters = { ratio };
  const source = "Zou & Hastie, Regularization and variable selection via the elastic net, 2005, on L2,1";
  const described = { kind: "single", name: "elastic-net", source, parameters } as const;
  if (ratio === 1) return { ...described, on: jointFeatures().on };
  if (ratio === 0) return { ...described, on: ridge().on };
  return {
    ...described,
    on: ({ width }) => ({
      value: (w) => ratio * sumOf(columnNorms(w, width)) + ((1 - ratio) / 2) * sumOfSquares(w),
      proximal(v, step, out) {
        shrinkColumns(v, width, step * ratio, 1 + step * (1 - ratio), out);
      },
      dual: {
        polar: () => 0,
        conjugate: (v) =>
          columnNorms(v, width).reduce((total, norm) => total + Math.max(0, norm - ratio) ** 2, 0) / (2 * (1 - ratio)),
      },
      featurewise: { norm: ratio, ridge: 1 - ratio },
    }),
  };
}
