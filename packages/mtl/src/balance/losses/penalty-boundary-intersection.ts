import { InputError } from "../../errors.js";
import type { LossBalancer, Stateless } from "../balancer.js";
import { checkLosses } from "./method.js";
import { type PreferenceOptions, preferences } from "./smooth-tchebycheff.js";

export interface PenaltyOptions extends PreferenceOptions {
  /** θ: how much it costs to leave the preferred ray. Default 5, as in the paper. */
  readonly penalty?: number;
}

/**
 * Penalty-based boundary intersection, d₁ + θ d₂: the distance of L − z along the preference λ, and the distance from
 * its ray (Q. Zhang and H. Li, IEEE Transactions on Evolutionary Computation 11, 2007, section II.B.3). The weights are
 * its derivatives; on the ray, where d₂ has none, those of d₁. They may be negative: a loss may rise to reach the ray.
 */
export function penaltyBoundaryIntersection({ penalty = 5, ...options }: PenaltyOptions = {}): LossBalancer<Stateless> {
  if (!(penalty >= 0))
    throw new InputError(`penaltyBoundaryIntersection: the penalty must be at least 0, not ${penalty}`);
  return {
    kind: "losses",
    name: "penaltyBoundaryIntersection",
    needs: {},
    start(tasks) {
      preferences("penaltyBoundaryIntersection", tasks, options);
      return {};
    },
    weigh(state, losses) {
      const own = checkLosses("penaltyBoundaryIntersection", losses);
      const { preference, ideal } = preferences("penaltyBoundaryIntersection", own.length, options);
      const length = Math.hypot(...preference);
      if (length === 0) throw new InputError("penaltyBoundaryIntersection: some preference must be positive");
      const ray = preference.map((value) => value / length);
      const offset = own.map((loss, i) => loss - ideal[i]!);
      const along = offset.reduce((total, value, i) => total + value * ray[i]!, 0);
      const aside = offset.map((value, i) => value - along * ray[i]!);
      // What rounding alone leaves beside the ray has no direction.
      const beside = Math.hypot(...aside);
      const distance = beside > 8 * Number.EPSILON * Math.hypot(...offset) ? beside : 0;
      // |d₁| falls where L is below the ideal: its derivative has the sign of d₁.
      const sign = along < 0 ? -1 : 1;
      const weights = ray.map((value, i) => sign * value + (distance > 0 ? (penalty * aside[i]!) / distance : 0));
      return { state, weights, value: Math.abs(along) + penalty * distance };
    },
  };
}
