import { randomKey, type Tensor, tensor, zeros } from "@kinship/tensor";
import type { GramianBalancer } from "../balancer.js";
import { dotProduct, multiply, normalise, perLength } from "../normalise.js";
import { type RandomOptions, randomOrders } from "./pc-grad.js";

export type GradVacState = {
  readonly key: Tensor;
  /** [m, m]: the running cosines that pairs of tasks are brought to. */
  readonly targets: Tensor;
};

export interface GradVacOptions extends RandomOptions {
  /** How fast the targets follow the cosines seen. Default 0.01, as in the paper. */
  readonly rate?: number;
}

/**
 * Gradient vaccine: where the cosine of two gradients is below its running mean, the other gradient is mixed in until
 * the mean is reached (Z. Wang et al., ICLR 2021, equations 2 and 3). The first step is PCGrad's, as all means start at 0.
 */
export const gradVac = ({ seed = 0, rate = 0.01 }: GradVacOptions = {}): GramianBalancer<GradVacState> => ({
  kind: "gramian",
  name: "gradVac",
  needs: { random: true },
  start: (tasks) => ({ key: randomKey(seed), targets: zeros([tasks, tasks], "float64") }),
  weigh(state, { gramian }) {
    const { tasks, norms, cosines } = normalise("gradVac", gramian);
    const { key, orders } = randomOrders(state.key, tasks);
    const targets = Float64Array.from(state.targets.toTypedArray());
    const total = new Float64Array(tasks);
    for (let task = 0; task < tasks; task++) {
      const beta = new Float64Array(tasks);
      beta[task] = norms[task]!;
      const products = multiply(cosines, beta);
      for (const other of orders[task]!) {
        const length = Math.sqrt(Math.max(dotProduct(beta, products), 0));
        if (length === 0 || norms[other] === 0) continue;
        const cosine = Math.max(-1, Math.min(1, products[other]! / length));
        const at = task * tasks + other;
        const target = targets[at]!;
        if (cosine < target) {
          const sine = Math.sqrt(1 - target * target);
          const amount = (length * (target * Math.sqrt(1 - cosine * cosine) - cosine * sine)) / sine;
          beta[other] = beta[other]! + amount;
          for (let i = 0; i < tasks; i++) products[i] = products[i]! + amount * cosines[i * tasks + other]!;
        }
        targets[at] = (1 - rate) * target + rate * cosine;
      }
      for (let i = 0; i < tasks; i++) total[i] = total[i]! + beta[i]!;
    }
    return {
      state: { key, targets: tensor(targets, { shape: [tasks, tasks] }) },
      weights: perLength(total, norms),
      residual: 0,
    };
  },
});
