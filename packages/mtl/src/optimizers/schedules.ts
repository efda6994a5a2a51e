import type { Structured } from "@kinship/autodiff";
import { abs, add, cos, div, floor, full, less, minimum, mul, pow, sub, type TensorLike, where } from "@kinship/tensor";
import { InputError } from "../errors.js";
import { type Optimizer, type OptimizerState, type PlateauState, type Schedule, scalar } from "./optimizer.js";

// Learning rates as functions of the number of updates made before, with tensor operations only.

export const constantRate =
  (rate: number): Schedule =>
  () =>
    full([], rate, "float64");

/** The rate times `factor` after every `every` updates. @example stepRate({ rate: 0.1, factor: 0.5, every: 100 }) */
export function stepRate({ rate, factor, every }: { rate: number; factor: number; every: number }): Schedule {
  requireSteps("stepRate", "every", every);
  return (step) => mul(rate, pow(factor, floor(div(step, every))));
}

/**
 * From `rate` down to `floor` (default 0) along half a cosine over `steps` updates, then `floor` (I. Loshchilov and
 * F. Hutter, ICLR 2017, equation 5, without restarts). @example cosineRate({ rate: 0.1, steps: 1000 })
 */
export function cosineRate({
  rate,
  steps,
  floor: least = 0,
}: {
  rate: number;
  steps: number;
  floor?: number;
}): Schedule {
  requireSteps("cosineRate", "steps", steps);
  return (step) => {
    const angle = mul(Math.PI / steps, minimum(step, steps));
    return add(least, mul((rate - least) / 2, add(1, cos(angle))));
  };
}

/**
 * Rises evenly over the first `steps` updates, the last of which has the full rate; then `schedule`, counted from there.
 * @example warmUp(5, cosineRate({ rate: 0.1, steps: 1000 }))
 */
export function warmUp(steps: number, schedule: Schedule): Schedule {
  requireSteps("warmUp", "steps", steps);
  return (step) => {
    const peak = schedule(full([], 0, "float64"));
    const later = sub(step, steps);
    return where(less(step, steps), mul(peak, div(add(step, 1), steps)), schedule(where(less(later, 0), 0, later)));
  };
}

function requireSteps(name: string, what: string, value: number): void {
  if (!(value > 0)) throw new InputError(`${name}: ${what} must be positive, not ${value}`);
}

export interface PlateauOptions {
  /** Rounds without a new best that are waited for. Default 10. */
  readonly patience?: number;
  /** Then the rate is multiplied by this. Default 0.1. */
  readonly factor?: number;
  /** A best must be better by this part. Default 1e-4. */
  readonly tolerance?: number;
}

/** Lowers the learning rate when a loss has not improved for a while. All values are float64 without axes. */
export function plateau({ patience = 10, factor = 0.1, tolerance = 1e-4 }: PlateauOptions = {}) {
  return {
    start: (): PlateauState => ({
      factor: scalar(1),
      best: scalar(Number.POSITIVE_INFINITY),
      waited: scalar(0),
    }),
    /** Once a round, with the loss that is watched. */
    update(state: PlateauState, loss: TensorLike): PlateauState {
      const now = scalar(loss);
      // Losses may be negative: the margin is a part of the best's size. Any number beats the first, infinite best.
      const margin = where(less(state.best, Number.POSITIVE_INFINITY), mul(tolerance, abs(state.best)), 0);
      const better = less(now, sub(state.best, margin));
      const waited = where(better, 0, add(state.waited, 1));
      const tired = less(patience, waited);
      return {
        factor: where(tired, mul(state.factor, factor), state.factor),
        best: where(better, now, state.best),
        waited: where(tired, 0, waited),
      };
    },
  };
}

/**
 * The optimizer at a learning rate that falls when the loss of an epoch has not improved for a while: `train` tells it.
 * @example onPlateau(adam({ learningRate: 0.01 }), { patience: 5, factor: 0.3 })
 */
export function onPlateau(optimizer: Optimizer, options: PlateauOptions = {}): Optimizer {
  if (optimizer.observe) throw new InputError(`onPlateau: ${optimizer.name} watches the loss already`);
  const { start, update } = plateau(options);
  return {
    name: `${optimizer.name}, lower on a plateau`,
    start: (parameters) => ({ ...optimizer.start(parameters), plateau: start() }),
    update(state, gradients, parameters, factor = 1) {
      const watched = state.plateau!;
      const updated = optimizer.update(state, gradients, parameters, mul(watched.factor, scalar(factor)));
      return { ...updated, state: { ...updated.state, plateau: watched } };
    },
    observe: <Parameters extends Structured<Parameters>>(state: OptimizerState<Parameters>, loss: number) => ({
      ...state,
      plateau: update(state.plateau!, loss),
    }),
  };
}
