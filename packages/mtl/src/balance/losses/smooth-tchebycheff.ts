import { InputError } from "../../errors.js";
import type { LossBalancer, Stateless } from "../balancer.js";
import { checkCount, checkLosses, softmaxOf } from "./method.js";

export interface PreferenceOptions {
  /** One positive number a task: how much each loss matters. Default 1 each. */
  readonly preference?: readonly number[];
  /** The best value that each loss could have. Default 0 each. */
  readonly ideal?: readonly number[];
}

/** Preferences and ideals for a number of tasks. */
export function preferences(name: string, tasks: number, { preference, ideal }: PreferenceOptions) {
  if (preference) checkCount(name, "preferences", preference.length, tasks);
  if (ideal) checkCount(name, "ideal losses", ideal.length, tasks);
  if (preference && !preference.every((value) => value >= 0 && value < Number.POSITIVE_INFINITY))
    throw new InputError(`${name}: preferences must be finite and not negative, found ${preference.join(", ")}`);
  return {
    preference: Float64Array.from(preference ?? new Array<number>(tasks).fill(1)),
    ideal: Float64Array.from(ideal ?? new Array<number>(tasks).fill(0)),
  };
}

export interface SmoothTchebycheffOptions extends PreferenceOptions {
  /** μ: 0 would be the worst loss alone, large ones tend to the sum. Default 1. */
  readonly smoothness?: number;
}

/**
 * The smooth Tchebycheff scalarization μ log Σ exp(λ_i (L_i − z_i)/μ): reaches every Pareto point, also where the front
 * is not convex (X. Lin et al., ICML 2024, equation 7). The weights are its derivatives.
 */
export function smoothTchebycheff({
  smoothness = 1,
  ...options
}: SmoothTchebycheffOptions = {}): LossBalancer<Stateless> {
  if (!(smoothness > 0)) throw new InputError(`smoothTchebycheff: the smoothness must be positive, not ${smoothness}`);
  return {
    kind: "losses",
    name: "smoothTchebycheff",
    needs: {},
    start(tasks) {
      preferences("smoothTchebycheff", tasks, options);
      return {};
    },
    weigh(state, losses) {
      const own = checkLosses("smoothTchebycheff", losses);
      const { preference, ideal } = preferences("smoothTchebycheff", own.length, options);
      const scaled = own.map((loss, i) => (preference[i]! * (loss - ideal[i]!)) / smoothness);
      const largest = scaled.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
      const total = scaled.reduce((sum, value) => sum + Math.exp(value - largest), 0);
      return {
        state,
        weights: softmaxOf(scaled).map((share, i) => share * preference[i]!),
        value: smoothness * (largest + Math.log(total)),
      };
    },
  };
}
