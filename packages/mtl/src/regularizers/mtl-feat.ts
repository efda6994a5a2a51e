import { largestAbsolute, sumOf } from "../algebra/norms.js";
import type { Regularizer } from "./regularizer.js";
import { spectralPenalty } from "./spectral.js";

/**
 * Ω(W) = (Σ_i σ_i(W))², which is min tr(W D⁻¹ Wᵀ) over D ⪰ 0 with tr D ≤ 1: features that all tasks share are learned
 * with the weights (Argyriou, Evgeniou & Pontil, Convex multi-task feature learning, 2008, theorem 1 and equation 8;
 * their γ is λ).
 */
export function mtlFeat(): Regularizer {
  return {
    kind: "single",
    name: "mtl-feat",
    source: "Argyriou, Evgeniou & Pontil, Convex multi-task feature learning, 2008",
    parameters: {},
    on: (shape) =>
      spectralPenalty(shape, {
        value: (values) => sumOf(values) ** 2,
        proximal(values, step) {
          const shift = 2 * step * shrunkSum(values, step);
          return values.map((value) => Math.max(0, value - shift));
        },
        conjugate: (values) => largestAbsolute(values) ** 2 / 4,
      }),
  };
}

/** S = Σ (σ_i − 2 step S)₊: of the k largest values, S = Σ σ_i / (1 + 2 k step), for the k that makes it largest. */
function shrunkSum(values: Float64Array, step: number): number {
  const sorted = values.slice().sort().reverse();
  let sum = 0;
  let most = 0;
  for (const [index, value] of sorted.entries()) {
    sum += value;
    most = Math.max(most, sum / (1 + 2 * (index + 1) * step));
  }
  return most;
}
