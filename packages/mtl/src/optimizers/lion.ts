import { add, cast, mul, sign, sub } from "@kinship/tensor";
import { type Optimizer, optimizer, requireDecay, type Schedule } from "./optimizer.js";

export interface LionOptions {
  readonly learningRate: number | Schedule;
  /** Default 0.9. */
  readonly beta1?: number;
  /** Default 0.99. */
  readonly beta2?: number;
  /** λ: each step also takes η λ x off. Default 0. */
  readonly weightDecay?: number;
}

/** x ← x − η (sign(β₁m + (1 − β₁)g) + λx), m ← β₂m + (1 − β₂)g (X. Chen et al., NeurIPS 2023, algorithm 2). */
export function lion({ learningRate, beta1 = 0.9, beta2 = 0.99, weightDecay = 0 }: LionOptions): Optimizer {
  requireDecay("lion", "beta1", beta1);
  requireDecay("lion", "beta2", beta2);
  return optimizer("lion", learningRate, ["mean"], (rate) => ({ parameter, gradient, slots }) => {
    const direction = sign(add(mul(slots.mean, beta1), mul(gradient, 1 - beta1)));
    const along = weightDecay === 0 ? direction : add(direction, mul(parameter, weightDecay));
    return {
      parameter: sub(parameter, mul(along, cast(rate, parameter.dtype))),
      slots: { mean: add(mul(slots.mean, beta2), mul(gradient, 1 - beta2)) },
    };
  });
}
