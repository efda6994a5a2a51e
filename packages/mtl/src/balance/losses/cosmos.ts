import { InputError } from "../../errors.js";
import type { LossBalancer, Stateless } from "../balancer.js";
import { checkCount, checkLosses } from "./method.js";

export interface CosmosOptions {
  /** λ, one number of at least 0 a task. For a network conditioned on it, make a new method from each drawn one. */
  readonly preference: readonly number[];
  /** How much the losses are to point along the preference. Default 1. */
  readonly alignment?: number;
}

/**
 * COSMOS: Σ λ_i L_i − γ cos(λ, L) (M. Ruchte and J. Grabocka, ICDM 2021, equation 9): spreads the solutions of a network
 * conditioned on λ over the Pareto front. The weights are its derivatives; where all losses are 0, λ.
 */
export function cosmos({ preference, alignment = 1 }: CosmosOptions): LossBalancer<Stateless> {
  const length = Math.hypot(...preference);
  if (!preference.every((value) => value >= 0) || !(length > 0 && length < Number.POSITIVE_INFINITY))
    throw new InputError(`cosmos: preferences must be at least 0 and not all 0, found ${preference.join(", ")}`);
  return {
    kind: "losses",
    name: "cosmos",
    needs: {},
    start(tasks) {
      checkCount("cosmos", "preferences", preference.length, tasks);
      return {};
    },
    weigh(state, losses) {
      const own = checkLosses("cosmos", losses);
      checkCount("cosmos", "preferences", preference.length, own.length);
      const size = Math.hypot(...own);
      const product = own.reduce((total, loss, i) => total + loss * preference[i]!, 0);
      const cosine = size > 0 ? product / (size * length) : 0;
      // ∂cos/∂L_i = (λ_i/|λ| − cos·L_i/|L|)/|L|
      const weights = own.map((loss, i) =>
        size > 0
          ? preference[i]! - (alignment * (preference[i]! / length - (cosine * loss) / size)) / size
          : preference[i]!,
      );
      return { state, weights, value: product - alignment * cosine };
    },
  };
}
