import { add, cast, div, mul, sqrt, square, sub } from "@kinship/tensor";
import { type Optimizer, optimizer, type Schedule } from "./optimizer.js";

export interface AdaGradOptions {
  readonly learningRate: number | Schedule;
  /** Default 1e-10. */
  readonly epsilon?: number;
}

/** s ← s + g², x ← x − η g/(√s + ε) (J. Duchi, E. Hazan and Y. Singer, JMLR 12, 2011, figure 1, diagonal). */
export const adaGrad = ({ learningRate, epsilon = 1e-10 }: AdaGradOptions): Optimizer =>
  optimizer("adaGrad", learningRate, ["squares"], (rate) => ({ parameter, gradient, slots }) => {
    const squares = add(slots.squares, square(gradient));
    const along = div(gradient, add(sqrt(squares), epsilon));
    return { parameter: sub(parameter, mul(along, cast(rate, parameter.dtype))), slots: { squares } };
  });
