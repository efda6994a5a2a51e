import { add, cast, clip, div, full, less, mul, sub, type Tensor, where, zerosLike } from "@kinship/tensor";
import { type Optimizer, rateOf, type Schedule, type SearchState } from "./optimizer.js";
import { innerProductTensor, noCurvature, quasiNewton, withPair } from "./quasi-newton.js";
import { vectorsLike } from "./vectors.js";

export interface LbfgsOptions {
  /** How many of the last steps the curvature is estimated from. Default 10. */
  readonly memory?: number;
  /** How far along each direction the first trial goes. Default 1: to the minimum of the quadratic model. */
  readonly learningRate?: number | Schedule;
}

/** The part of the slope downhill that a trial may leave as a slope uphill: 1 − 2δ with δ = 0.1. */
const uphill = 0.8;

/**
 * Limited-memory BFGS (see `minimize`) for smooth losses of all rows, or of batches so large that they hardly differ.
 * Each update is a trial along a direction. Where the next gradient's slope shows that it went too far, the parameters go
 * back to where the slope would be 0 if it changed evenly; else a new direction is taken from there. Too far is by the
 * approximate Wolfe conditions of W. Hager and H. Zhang (SIAM Journal on Optimization 16, 2005), which need no loss.
 * @example lbfgs({ memory: 5 })
 */
export function lbfgs({ memory = 10, learningRate = 1 }: LbfgsOptions = {}): Optimizer {
  const rateAt = rateOf("lbfgs", learningRate);
  return {
    // In the name, by which a checkpoint tells another optimizer.
    name: `lbfgs of ${memory} steps`,
    start(parameters) {
      const like = vectorsLike("lbfgs", parameters).join(parameters);
      const search: SearchState = {
        point: zerosLike(like),
        gradient: zerosLike(like),
        direction: zerosLike(like),
        length: full([], 0, "float64"),
        ...noCurvature("lbfgs", memory, like),
      };
      return { step: full([], 0, "float64"), slots: {}, search };
    },
    update(state, gradients, parameters, factor = 1) {
      const { join, split } = vectorsLike("lbfgs", parameters);
      const search = advanced(state.search!, join(parameters), join(gradients), rateAt(state.step, factor));
      const { point, direction, length } = search;
      return {
        state: { ...state, step: add(state.step, 1), search },
        parameters: split(add(point, mul(direction, cast(length, direction.dtype)))),
      };
    },
  };
}

/** From where the parameters are and the gradient there: a shorter trial of the same search, or the next search. */
function advanced(search: SearchState, here: Tensor, gradient: Tensor, rate: Tensor): SearchState {
  // Both are 0 before the first search.
  const before = innerProductTensor(search.gradient, search.direction);
  const now = innerProductTensor(gradient, search.direction);
  const most = mul(before, -uphill);
  const tooFar = less(most, now);
  const shorter = mul(search.length, clip(div(before, sub(before, now)), 0.1, 0.5));
  const moved = where(less(now, most), sub(here, search.point), 0);
  const { steps, changes } = withPair(search, moved, sub(gradient, search.gradient));
  return {
    point: where(tooFar, search.point, here),
    gradient: where(tooFar, search.gradient, gradient),
    direction: where(tooFar, search.direction, quasiNewton(gradient, { steps, changes })),
    length: where(tooFar, shorter, rate),
    steps,
    changes,
  };
}
