import { type Tensor, tensor, zeros } from "@kinship/tensor";
import { InputError } from "../../errors.js";
import type { LossBalancer } from "../balancer.js";
import { checkCount, checkLosses, softmaxOf, weightedSum } from "./method.js";

export type LossHistory = {
  /** [2, m]: the losses of the last two rounds, the older first. */
  readonly losses: Tensor;
  /** Rounds seen. */
  readonly round: Tensor;
};

/**
 * Dynamic weight average: m·softmax of how slowly each loss fell, L_i(t−1)/L_i(t−2), at a temperature (S. Liu, E. Johns
 * and A. J. Davison, CVPR 2019, equation 7). Even for the first two rounds. A round is an epoch in the paper, so call it
 * with epoch means; batch losses are noisy.
 */
export function dynamicWeightAverage({
  temperature = 2,
}: {
  readonly temperature?: number;
} = {}): LossBalancer<LossHistory> {
  if (!(temperature > 0))
    throw new InputError(`dynamicWeightAverage: the temperature must be positive, not ${temperature}`);
  return {
    kind: "losses",
    name: "dynamicWeightAverage",
    needs: {},
    start: (tasks) => ({ losses: zeros([2, tasks], "float64"), round: zeros([], "float64") }),
    weigh(state, losses) {
      const own = checkLosses("dynamicWeightAverage", losses, true);
      const m = own.length;
      checkCount("dynamicWeightAverage", "losses", m, state.losses.shape[1]!);
      const round = state.round.item();
      const history = state.losses.toTypedArray() as Float64Array;
      const rates = own.map((_, i) => (round < 2 ? 1 : history[m + i]! / history[i]! / temperature));
      const weights = softmaxOf(rates).map((w) => m * w);
      const kept = new Float64Array(2 * m);
      kept.set(history.subarray(m));
      kept.set(own, m);
      return {
        state: {
          losses: tensor(kept, { shape: [2, m] }),
          round: tensor(Float64Array.of(round + 1), { shape: [] }),
        },
        weights,
        value: weightedSum(weights, own),
      };
    },
  };
}
