import type { LossBalancer } from "../balancer.js";
import { defaultOptimizer, type LearnedOptions, type LearnedState, learn, startLearned } from "./learned.js";
import { checkCount, checkLosses } from "./method.js";

/**
 * Uncertainty weighting: Σ ½ (e^(−s_i) L_i + s_i) with learned log-variances s_i = log σ_i², from 0 (A. Kendall, Y. Gal
 * and R. Cipolla, CVPR 2018, equation 7 and section 3.2). The weights are ½ e^(−s_i).
 */
export function uncertaintyWeighting({
  optimizer = defaultOptimizer(),
}: LearnedOptions = {}): LossBalancer<LearnedState> {
  return {
    kind: "losses",
    name: "uncertaintyWeighting",
    needs: {},
    start: (tasks) => startLearned(tasks, optimizer),
    weigh(state, losses) {
      const own = checkLosses("uncertaintyWeighting", losses);
      const s = state.learned.toTypedArray();
      checkCount("uncertaintyWeighting", "losses", own.length, s.length);
      const weights = own.map((_, i) => 0.5 * Math.exp(-s[i]!));
      const value = own.reduce((total, loss, i) => total + weights[i]! * loss + 0.5 * s[i]!, 0);
      const gradient = own.map((loss, i) => 0.5 - weights[i]! * loss);
      return { state: learn(state, gradient, optimizer), weights, value };
    },
  };
}
