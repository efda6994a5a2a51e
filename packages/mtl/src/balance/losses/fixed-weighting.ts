import { InputError } from "../../errors.js";
import type { LossBalancer, Stateless } from "../balancer.js";
import { checkCount, checkLosses, weightedSum } from "./method.js";

/** Weights that never change: the baseline that every other method must beat. */
export function fixedWeighting(weights: readonly number[]): LossBalancer<Stateless> {
  if (!weights.every(Number.isFinite))
    throw new InputError(`fixedWeighting: the weights must be finite, found ${weights.join(", ")}`);
  return {
    kind: "losses",
    name: "fixedWeighting",
    needs: {},
    start(tasks) {
      checkCount("fixedWeighting", "weights", weights.length, tasks);
      return {};
    },
    weigh(state, losses) {
      const own = checkLosses("fixedWeighting", losses);
      checkCount("fixedWeighting", "weights", weights.length, own.length);
      const fixed = Float64Array.from(weights);
      return { state, weights: fixed, value: weightedSum(fixed, own) };
    },
  };
}

export interface EqualWeightingOptions {
  /** Weights 1/m (the mean of the losses, the default) or 1 each (their sum). */
  readonly reduction?: "mean" | "sum";
}

/** The mean or the sum of the losses. */
export const equalWeighting = ({ reduction = "mean" }: EqualWeightingOptions = {}): LossBalancer<Stateless> => ({
  kind: "losses",
  name: "equalWeighting",
  needs: {},
  start: () => ({}),
  weigh(state, losses) {
    const own = checkLosses("equalWeighting", losses);
    const weights = new Float64Array(own.length).fill(reduction === "mean" ? 1 / own.length : 1);
    return { state, weights, value: weightedSum(weights, own) };
  },
});
