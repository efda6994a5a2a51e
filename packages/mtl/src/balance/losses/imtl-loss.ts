import type { LossBalancer } from "../balancer.js";
import { defaultOptimizer, type LearnedOptions, type LearnedState, learn, startLearned } from "./learned.js";
import { checkCount, checkLosses } from "./method.js";

/**
 * Impartial multi-task learning on losses (IMTL-L): Σ (e^(s_i) L_i − s_i) with learned s_i, from 0, which brings every
 * scaled loss to 1 (L. Liu et al., ICLR 2021, equation 8). The weights are e^(s_i).
 */
export function imtlLoss({ optimizer = defaultOptimizer() }: LearnedOptions = {}): LossBalancer<LearnedState> {
  return {
    kind: "losses",
    name: "imtlLoss",
    needs: {},
    start: (tasks) => startLearned(tasks, optimizer),
    weigh(state, losses) {
      const own = checkLosses("imtlLoss", losses);
      const s = state.learned.toTypedArray();
      checkCount("imtlLoss", "losses", own.length, s.length);
      const weights = own.map((_, i) => Math.exp(s[i]!));
      const value = own.reduce((total, loss, i) => total + weights[i]! * loss - s[i]!, 0);
      const gradient = own.map((loss, i) => weights[i]! * loss - 1);
      return { state: learn(state, gradient, optimizer), weights, value };
    },
  };
}
