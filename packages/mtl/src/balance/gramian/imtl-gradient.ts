import type { GramianBalancer, Stateless } from "../balancer.js";
import { normalise } from "../normalise.js";
import { pseudoSolve, solveResidual } from "../solvers/pseudo-inverse.js";
import { gramianMethod } from "./method.js";

/**
 * Impartial multi-task learning on gradients (IMTL-G): the combination with weights of sum 1 whose projections onto all
 * unit gradients are equal (L. Liu et al., ICLR 2021, equation 6). With β_i = w_i |g_i| that is C β = k·1. Where the
 * cosines are singular, the least-squares solution; where its weights sum to 0 (gradients that cancel), all are 0.
 */
export const imtlGradient = (): GramianBalancer<Stateless> =>
  gramianMethod("imtlGradient", (gramian) => {
    const { norms, cosines } = normalise("imtlGradient", gramian);
    const ones = norms.map((length) => (length > 0 ? 1 : 0));
    const shortest = norms.reduce(
      (least, length) => (length > 0 ? Math.min(least, length) : least),
      Number.POSITIVE_INFINITY,
    );
    const beta = pseudoSolve(cosines, ones);
    const weights = beta.map((value, i) => (norms[i]! > 0 ? value * (shortest / norms[i]!) : 0));
    const total = weights.reduce((sum, w) => sum + w, 0);
    const size = weights.reduce((sum, w) => sum + Math.abs(w), 0);
    if (Math.abs(total) <= 1e-12 * size || size === 0) return { weights: weights.fill(0), residual: 1 };
    return { weights: weights.map((w) => w / total), residual: solveResidual(cosines, beta, ones) };
  });
