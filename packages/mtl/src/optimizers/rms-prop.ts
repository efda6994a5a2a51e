import { add, cast, div, mul, sqrt, square, sub } from "@kinship/tensor";
import { type Optimizer, optimizer, requireDecay, type Schedule } from "./optimizer.js";

export interface RmsPropOptions {
  readonly learningRate: number | Schedule;
  /** How much of the running mean of squares each step keeps. Default 0.9. */
  readonly decay?: number;
  /** Default 1e-8. */
  readonly epsilon?: number;
}

/** v ← ρ v + (1 − ρ) g², x ← x − η g/(√v + ε) (T. Tieleman and G. Hinton, lecture 6.5 of Neural Networks, 2012). */
export function rmsProp({ learningRate, decay = 0.9, epsilon = 1e-8 }: RmsPropOptions): Optimizer {
  requireDecay("rmsProp", "decay", decay);
  return optimizer("rmsProp", learningRate, ["square"], (rate) => ({ parameter, gradient, slots }) => {
    const mean = add(mul(slots.square, decay), mul(square(gradient), 1 - decay));
    const along = div(gradient, add(sqrt(mean), epsilon));
    return { parameter: sub(parameter, mul(along, cast(rate, parameter.dtype))), slots: { square: mean } };
  });
}
