import { InputError } from "../../errors.js";
import type { GramianBalancer, Stateless } from "../balancer.js";
import { normalise } from "../normalise.js";
import { fairWeights } from "../solvers/fairness.js";
import { gramianMethod } from "./method.js";

export interface FairGradOptions {
  /**
   * α > 0: 1 is proportional fairness (Nash bargaining), larger is closer to max-min. Default 1. Weights are as
   * ⟨g_i, d⟩^(−α): where these leave the range of float64, the residual says that no weights were found.
   */
  readonly alpha?: number;
}

/**
 * α-fair resource allocation of the loss decrease: the d that maximises Σ ⟨g_i, d⟩^(1−α)/(1−α) in a ball, so that
 * G w = w^(−1/α) (H. Ban and K. Ji, ICML 2024, equation 8).
 */
export function fairGrad({ alpha = 1 }: FairGradOptions = {}): GramianBalancer<Stateless> {
  if (!(alpha > 0 && alpha < Number.POSITIVE_INFINITY))
    throw new InputError(`fairGrad: alpha must be a positive number, not ${alpha}`);
  return gramianMethod("fairGrad", (gramian) => fairWeights(normalise("fairGrad", gramian), 1 / alpha));
}
