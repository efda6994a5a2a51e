import { add, cast, mul, sub } from "@kinship/tensor";
import { type Optimizer, optimizer, requireDecay, type Schedule } from "./optimizer.js";

export interface SgdOptions {
  readonly learningRate: number | Schedule;
  /** The part of the last step that is kept. Default 0. */
  readonly momentum?: number;
  /** Look ahead along the momentum (Y. Nesterov, 1983, as Sutskever et al., ICML 2013, write it). Default false. */
  readonly nesterov?: boolean;
}

/**
 * Gradient descent: x ← x − η g. With momentum v ← μ v + g, x ← x − η v (B. T. Polyak, 1964); with Nesterov's
 * x ← x − η (g + μ v).
 */
export function sgd({ learningRate, momentum = 0, nesterov = false }: SgdOptions): Optimizer {
  requireDecay("sgd", "momentum", momentum);
  if (momentum === 0)
    return optimizer("sgd", learningRate, [], (rate) => ({ parameter, gradient }) => ({
      parameter: sub(parameter, mul(gradient, cast(rate, parameter.dtype))),
      slots: {},
    }));
  return optimizer("sgd", learningRate, ["velocity"], (rate) => ({ parameter, gradient, slots }) => {
    const velocity = add(mul(slots.velocity, momentum), gradient);
    const along = nesterov ? add(gradient, mul(velocity, momentum)) : velocity;
    return { parameter: sub(parameter, mul(along, cast(rate, parameter.dtype))), slots: { velocity } };
  });
}
