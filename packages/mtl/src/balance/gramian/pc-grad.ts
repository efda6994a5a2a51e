import { randomKey, splitKey, type Tensor, uniform } from "@kinship/tensor";
import type { GramianBalancer } from "../balancer.js";
import { multiply, normalise, perLength } from "../normalise.js";

export type OrderState = {
  readonly key: Tensor;
};

export interface RandomOptions {
  /** For the random draws. Default 0. */
  readonly seed?: number;
}

/**
 * Projecting conflicting gradients: each task's gradient loses its component along every other gradient that it
 * conflicts with, in random order, and the results are added (T. Yu et al., NeurIPS 2020, algorithm 1). With two tasks
 * the order does not matter and nothing is drawn.
 */
export const pcGrad = ({ seed = 0 }: RandomOptions = {}): GramianBalancer<OrderState> => ({
  kind: "gramian",
  name: "pcGrad",
  needs: { random: true },
  start: () => ({ key: randomKey(seed) }),
  weigh(state, { gramian }) {
    const { tasks, norms, cosines } = normalise("pcGrad", gramian);
    const { key, orders } = randomOrders(state.key, tasks);
    const total = new Float64Array(tasks);
    for (let task = 0; task < tasks; task++) {
      // In weights of unit gradients, starting from the task's own.
      const beta = new Float64Array(tasks);
      beta[task] = norms[task]!;
      const products = multiply(cosines, beta);
      for (const other of orders[task]!) {
        const overlap = products[other]!;
        if (!(overlap < 0) || norms[other] === 0) continue;
        beta[other] = beta[other]! - overlap;
        for (let i = 0; i < tasks; i++) products[i] = products[i]! - overlap * cosines[i * tasks + other]!;
      }
      for (let i = 0; i < tasks; i++) total[i] = total[i]! + beta[i]!;
    }
    return { state: { key }, weights: perLength(total, norms), residual: 0 };
  },
});

/** For each task the others in random order, and the key for the next time. */
export function randomOrders(key: Tensor, tasks: number): { key: Tensor; orders: number[][] } {
  const others = Array.from({ length: tasks }, (_, task) => [...Array(tasks).keys()].filter((other) => other !== task));
  if (tasks <= 2) return { key, orders: others };
  const [now, next] = splitKey(key);
  const draws = uniform(now!, [tasks, tasks], { dtype: "float64" }).toTypedArray();
  return {
    key: next!,
    orders: others.map((row, task) => row.sort((a, b) => draws[task * tasks + a]! - draws[task * tasks + b]!)),
  };
}
