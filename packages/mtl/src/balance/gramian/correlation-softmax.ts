import { type Tensor, tensor, zeros } from "@kinship/tensor";
import { InputError } from "../../errors.js";
import type { GramianBalancer } from "../balancer.js";
import { normalise, taskCount } from "../normalise.js";

export type CorrelationState = {
  /** [m, m]: the running mean of the outer products of the tasks' unit vectors. */
  readonly correlation: Tensor;
  /** Rounds so far. */
  readonly round: Tensor;
};

export interface CorrelationSoftmaxOptions {
  /** Low: each task follows those most like it; high: all alike. Default 0.5. */
  readonly temperature?: number;
  /** How much of the running correlation each round keeps. Default 0.9; 0 looks at this round alone. */
  readonly memory?: number;
}

/**
 * Weights between tasks from a correlation matrix: the softmax of each row, at a temperature. Row i says how much task i
 * takes from each other one, and sums to 1.
 */
export function correlationWeights(correlation: Float64Array, temperature: number): Float64Array {
  const tasks = taskCount("correlationWeights", correlation);
  if (!(temperature > 0))
    throw new InputError(`correlationWeights: the temperature must be positive, not ${temperature}`);
  const weights = new Float64Array(tasks * tasks);
  for (let i = 0; i < tasks; i++) {
    const row = correlation.subarray(i * tasks, (i + 1) * tasks);
    const largest = row.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
    let total = 0;
    for (let j = 0; j < tasks; j++) total += Math.exp((row[j]! - largest) / temperature);
    for (let j = 0; j < tasks; j++) weights[i * tasks + j] = Math.exp((row[j]! - largest) / temperature) / total;
  }
  return weights;
}

/**
 * Softmax of the tasks' correlations: the outer products of the unit gradients (or of any vectors that describe the
 * tasks, mean features say: pass their Gramian) are averaged over rounds; each task takes from every task by the softmax
 * of its row; the shared parameters follow the mean of what the tasks take. Weights sum to 1. Tasks that agree with many
 * weigh more, an outlier weighs less.
 */
export function correlationSoftmax({
  temperature = 0.5,
  memory = 0.9,
}: CorrelationSoftmaxOptions = {}): GramianBalancer<CorrelationState> {
  if (!(temperature > 0))
    throw new InputError(`correlationSoftmax: the temperature must be positive, not ${temperature}`);
  if (!(memory >= 0 && memory < 1)) throw new InputError(`correlationSoftmax: memory must be in [0, 1), not ${memory}`);
  return {
    kind: "gramian",
    name: "correlationSoftmax",
    needs: {},
    start: (tasks) => ({ correlation: zeros([tasks, tasks], "float64"), round: zeros([], "float64") }),
    weigh(state, { gramian }) {
      const { tasks, cosines } = normalise("correlationSoftmax", gramian);
      const round = state.round.item() + 1;
      // The weight of the newest round in a mean whose older rounds fade by `memory` each: no bias towards the start.
      const fresh = (1 - memory) / (1 - memory ** round);
      const old = state.correlation.toTypedArray();
      const correlation = cosines.map((cosine, k) => (1 - fresh) * old[k]! + fresh * cosine);
      const between = correlationWeights(correlation, temperature);
      const weights = new Float64Array(tasks);
      for (let i = 0; i < tasks; i++)
        for (let j = 0; j < tasks; j++) weights[j] = weights[j]! + between[i * tasks + j]! / tasks;
      return {
        state: {
          correlation: tensor(correlation, { shape: [tasks, tasks] }),
          round: tensor(Float64Array.of(round), { shape: [] }),
        },
        weights,
        residual: 0,
      };
    },
  };
}
