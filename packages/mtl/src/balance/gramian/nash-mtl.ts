import { InputError } from "../../errors.js";
import type { GramianBalancer, Stateless } from "../balancer.js";
import { normalise } from "../normalise.js";
import { fairWeights } from "../solvers/fairness.js";
import { gramianMethod } from "./method.js";

export interface NashMtlOptions {
  /** The direction is made at most this long, as the authors' experiments do. Default 1; Infinity for the solution itself. */
  readonly maximumLength?: number;
}

/**
 * The Nash bargaining solution between tasks: d maximises Σ log ⟨g_i, d⟩ in a ball, so that G w = 1/w and
 * |d| = √m before clipping (A. Navon et al., ICML 2022, claim 3.1). Solved exactly each step rather than by a sequence
 * of approximations.
 */
export function nashMtl({ maximumLength = 1 }: NashMtlOptions = {}): GramianBalancer<Stateless> {
  if (!(maximumLength > 0)) throw new InputError(`nashMtl: maximumLength must be positive, not ${maximumLength}`);
  return gramianMethod("nashMtl", (gramian) => {
    const normalised = normalise("nashMtl", gramian);
    const { weights, residual } = fairWeights(normalised, 1);
    // wᵀGw = Σ w_i (1/w_i): one for each task that has a weight.
    const length = Math.sqrt(weights.reduce((count, w) => count + (w > 0 ? 1 : 0), 0));
    const factor = length > maximumLength ? maximumLength / length : 1;
    return { weights: weights.map((w) => w * factor), residual };
  });
}
