import { type Tensor, tensor, zeros } from "@kinship/tensor";
import { InputError } from "../../errors.js";
import type { LossBalancer } from "../balancer.js";
import { checkCount, checkLosses, softmaxOf, weightedSum } from "./method.js";

export type LossHistory = {
  /** [2, m]: the mean losses of the last two rounds, the older first. */
  readonly losses: Tensor;
  /** [m]: the sums over the calls of the round that has begun. */
  readonly sums: Tensor;
  /** Calls seen. */
  readonly calls: Tensor;
};

export interface DynamicWeightAverageOptions {
  /** High: all alike. Default 2. */
  readonly temperature?: number;
  /** How many calls make a round, whose mean losses are compared. Default 1; in training the steps of an epoch. */
  readonly every?: number;
}

/**
 * Dynamic weight average: m·softmax of how slowly each loss fell, L_i(t−1)/L_i(t−2), at a temperature (S. Liu, E. Johns
 * and A. J. Davison, CVPR 2019, equation 7). Even for the first two rounds. In the paper a round is an epoch and L_i(t)
 * its mean: the losses of single batches are noisy.
 */
export function dynamicWeightAverage({
  temperature = 2,
  every = 1,
}: DynamicWeightAverageOptions = {}): LossBalancer<LossHistory> {
  if (!(temperature > 0))
    throw new InputError(`dynamicWeightAverage: the temperature must be positive, not ${temperature}`);
  if (!Number.isInteger(every) || every < 1)
    throw new InputError(`dynamicWeightAverage: every must be a whole number of at least 1, not ${every}`);
  return {
    kind: "losses",
    name: "dynamicWeightAverage",
    needs: {},
    start: (tasks) => ({
      losses: zeros([2, tasks], "float64"),
      sums: zeros([tasks], "float64"),
      calls: zeros([], "float64"),
    }),
    weigh(state, losses) {
      const own = checkLosses("dynamicWeightAverage", losses, true);
      const m = own.length;
      checkCount("dynamicWeightAverage", "losses", m, state.losses.shape[1]!);
      const calls = state.calls.item() + 1;
      const history = state.losses.toTypedArray() as Float64Array;
      const rates = own.map((_, i) => (calls <= 2 * every ? 1 : history[m + i]! / history[i]! / temperature));
      const weights = softmaxOf(rates).map((w) => m * w);
      const old = state.sums.toTypedArray();
      const sums = own.map((loss, i) => old[i]! + loss);
      const isRound = calls % every === 0;
      const kept = history.slice();
      if (isRound) {
        kept.copyWithin(0, m);
        kept.set(
          sums.map((sum) => sum / every),
          m,
        );
      }
      return {
        state: {
          losses: tensor(kept, { shape: [2, m] }),
          sums: tensor(isRound ? new Float64Array(m) : sums),
          calls: tensor(Float64Array.of(calls), { shape: [] }),
        },
        weights,
        value: weightedSum(weights, own),
      };
    },
  };
}
