import { sumOf, sumOfSquares } from "../algebra/norms.js";
import { InputError } from "../errors.js";
import type { Regularizer } from "./regularizer.js";
import { requirePositive } from "./requirements.js";
import { spectralPenalty } from "./spectral.js";

export interface ClusteredOptions {
  /** k: into how many clusters the tasks fall. */
  readonly clusters: number;
  /** η > 0: how much of W is penalised as ridge does, beside what scatters within clusters; .1 unless given. */
  readonly spread?: number;
}

/**
 * Tasks fall into k unknown clusters: the convex relaxation Ω(W) = ½ min tr(W (ηI + M)⁻¹ Wᵀ) over 0 ⪯ M ⪯ I, tr M = k
 * (Jacob, Bach & Vert, 2008; in this form Zhou, Chen & Ye, Clustered multi-task learning via alternating structure
 * optimization, 2011, equation 12, but for constant factors). M commutes with WᵀW, so only singular values count:
 * Ω = ½ min Σ σ_i²/θ_i over η ≤ θ_i ≤ 1 + η, Σ θ_i ≤ k + η · (their number), a spectral box norm, squared (McDonald, Pontil
 * & Stamos, New perspectives on k-support and cluster norms, 2016).
 */
export function clustered({ clusters, spread = 0.1 }: ClusteredOptions): Regularizer {
  if (!Number.isInteger(clusters) || clusters < 1) {
    throw new InputError(`clustered: clusters must be a whole number from 1 on, not ${clusters}`);
  }
  requirePositive(spread, "clustered: spread");
  const low = spread;
  const high = 1 + spread;
  return {
    kind: "single",
    name: "clustered",
    source: "Zhou, Chen & Ye, Clustered multi-task learning via alternating structure optimization, 2011",
    parameters: { clusters, spread },
    on: (shape) => {
      if (clusters > shape.tasks.length) {
        throw new InputError(`clustered: ${clusters} clusters of ${shape.tasks.length} tasks; ask for fewer`);
      }
      return spectralPenalty(shape, {
        value(values) {
          const theta = weightsOf(values, 0, clusters, low, high);
          return values.reduce((total, value, i) => total + (value * value) / theta[i]!, 0) / 2;
        },
        proximal(values, step) {
          const theta = weightsOf(values, step, clusters, low, high);
          return values.map((value, i) => (value * theta[i]!) / (theta[i]! + step));
        },
        conjugate(values) {
          const sorted = values.slice().sort().reverse();
          return (low * sumOfSquares(sorted) + sumOfSquares(sorted, 0, Math.min(clusters, sorted.length))) / 2;
        },
      });
    },
  };
}

/**
 * The minimiser of Σ σ_i²/(θ_i + step) in the box: θ_i = clip(ν σ_i − step), ν as large as Σ θ_i ≤ k + ηm allows.
 * Σ θ_i is piecewise linear in ν with kinks where an entry meets the box: between two of them ν is exact.
 */
function weightsOf(values: Float64Array, step: number, clusters: number, low: number, high: number): Float64Array {
  const budget = clusters + low * values.length;
  const clip = (nu: number) => values.map((value) => Math.min(high, Math.max(low, nu * value - step)));
  if (high * values.length <= budget) return values.map(() => high);
  const kinks = Float64Array.from(values)
    .filter((value) => value > 0)
    .reduce<number[]>((all, value) => all.concat((low + step) / value, (high + step) / value), [])
    .filter(Number.isFinite)
    .sort((a, b) => a - b);
  let below = clip(0);
  for (const kink of kinks) {
    const above = clip(kink);
    const [before, after] = [sumOf(below), sumOf(above)];
    if (after > budget) {
      const share = (budget - before) / (after - before);
      return below.map((theta, i) => theta + share * (above[i]! - theta));
    }
    below = above;
  }
  return below;
}
