import { add, cast, div, mul, pow, sqrt, square, sub } from "@kinship/tensor";
import { InputError } from "../errors.js";
import { type Optimizer, optimizer, requireDecay, type Schedule } from "./optimizer.js";

export interface AdamOptions {
  readonly learningRate: number | Schedule;
  /** β₁, of the mean of gradients. Default 0.9. */
  readonly beta1?: number;
  /** β₂, of the mean of squares. Default 0.999. */
  readonly beta2?: number;
  /** Default 1e-8. */
  readonly epsilon?: number;
}

/**
 * m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², x ← x − η m̂/(√v̂ + ε) with m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ)
 * (D. P. Kingma and J. Ba, ICLR 2015, algorithm 1).
 */
export const adam = (options: AdamOptions): Optimizer => adamWithDecay("adam", options, 0);

export interface AdamWOptions extends AdamOptions {
  /** λ: each step also takes η λ x off. Default 0.01. */
  readonly weightDecay?: number;
}

/** Adam with weight decay that the gradient's scale does not touch (I. Loshchilov and F. Hutter, ICLR 2019, algorithm 2). */
export function adamW({ weightDecay = 0.01, ...options }: AdamWOptions): Optimizer {
  if (!(weightDecay >= 0)) throw new InputError(`adamW: weightDecay must be at least 0, not ${weightDecay}`);
  return adamWithDecay("adamW", options, weightDecay);
}

function adamWithDecay(
  name: string,
  { learningRate, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamOptions,
  weightDecay: number,
): Optimizer {
  requireDecay(name, "beta1", beta1);
  requireDecay(name, "beta2", beta2);
  return optimizer(name, learningRate, ["mean", "square"], (rate, count) => {
    // x − η m̂/(√v̂ + ε) = x − (η/c₁) m/(√v/√c₂ + ε), with c = 1 − βᵗ: the corrections are scalars, taken in float64.
    const ownRate = div(rate, sub(1, pow(beta1, count)));
    const ownScale = sqrt(sub(1, pow(beta2, count)));
    return ({ parameter, gradient, slots }) => {
      const { dtype } = parameter;
      const mean = add(mul(slots.mean, beta1), mul(gradient, 1 - beta1));
      const meanSquare = add(mul(slots.square, beta2), mul(square(gradient), 1 - beta2));
      const length = add(div(sqrt(meanSquare), cast(ownScale, dtype)), epsilon);
      const along = mul(div(mean, length), cast(ownRate, dtype));
      const kept = weightDecay === 0 ? parameter : mul(parameter, cast(sub(1, mul(rate, weightDecay)), dtype));
      return { parameter: sub(kept, along), slots: { mean, square: meanSquare } };
    };
  });
}
