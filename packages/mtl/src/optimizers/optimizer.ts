import type { Structured } from "@kinship/autodiff";
import {
  add,
  cast,
  full,
  mapLeaves,
  matchLeaves,
  mul,
  type Structure,
  type Tensor,
  type TensorLike,
  zerosLike,
} from "@kinship/tensor";
import { InputError } from "../errors.js";
import type { Curvature } from "./quasi-newton.js";

// Optimizers are pure functions over structures of tensors, written with tensor operations only: no value is read, so a
// compiler can record forward, backward and update as one program. Scalars (the step count, bias corrections) are
// float64; parameters keep their own dtype.

/** A learning rate for each step, as a function of the number of updates made before it (float64, no axes). */
export type Schedule = (step: Tensor) => Tensor;

export type OptimizerState<Parameters = Structure> = {
  /** The number of updates so far: float64, no axes. */
  readonly step: Tensor;
  /** What the method remembers for each parameter, by name. */
  readonly slots: { readonly [name: string]: Parameters };
  /** Of optimizers that watch a loss. */
  readonly plateau?: PlateauState;
  /** Of `lbfgs`: what it knows of the loss around the parameters. */
  readonly search?: SearchState;
};

/** All parameters are one vector here. */
export type SearchState = Curvature & {
  /** Where the search along the direction began, with the gradient there. */
  readonly point: Tensor;
  readonly gradient: Tensor;
  readonly direction: Tensor;
  /** How far along it the parameters are: float64, no axes. */
  readonly length: Tensor;
};

export type PlateauState = {
  /** What the learning rate is to be multiplied by: pass it to `update`. */
  readonly factor: Tensor;
  readonly best: Tensor;
  /** Rounds since the best. */
  readonly waited: Tensor;
};

export interface Updated<Parameters> {
  readonly state: OptimizerState<Parameters>;
  readonly parameters: Parameters;
}

export interface Optimizer {
  readonly name: string;
  start<Parameters extends Structured<Parameters>>(parameters: Parameters): OptimizerState<Parameters>;
  /**
   * One step down the gradients. `factor` multiplies the learning rate, for schedules that follow the loss.
   * @throws TypeError where gradients and parameters differ in structure.
   */
  update<Parameters extends Structured<Parameters>>(
    state: OptimizerState<Parameters>,
    gradients: Parameters,
    parameters: Parameters,
    factor?: TensorLike,
  ): Updated<Parameters>;
  /** Told the loss after each epoch, by `train`: that of the validation rows where there are some. May read values. */
  observe?<Parameters extends Structured<Parameters>>(
    state: OptimizerState<Parameters>,
    loss: number,
  ): OptimizerState<Parameters>;
}

/** One parameter's part of a step. Numbers take the parameter's dtype; scalars must be cast to it. */
export interface Leaf<Slot extends string> {
  readonly parameter: Tensor;
  readonly gradient: Tensor;
  readonly slots: Readonly<Record<Slot, Tensor>>;
}

export interface UpdatedLeaf<Slot extends string> {
  readonly parameter: Tensor;
  readonly slots: Readonly<Record<Slot, Tensor>>;
}

/** Once a step: given the learning rate and the number of this update (from 1), the rule for each parameter. */
export type Rule<Slot extends string> = (rate: Tensor, count: Tensor) => (leaf: Leaf<Slot>) => UpdatedLeaf<Slot>;

/** An optimizer from its update rule for one parameter. Slots start at zero. */
export function optimizer<Slot extends string>(
  name: string,
  learningRate: number | Schedule,
  slotNames: readonly Slot[],
  rule: Rule<Slot>,
): Optimizer {
  const rateAt = rateOf(name, learningRate);
  return {
    name,
    start: (parameters) => ({
      step: full([], 0, "float64"),
      slots: Object.fromEntries(slotNames.map((slot) => [slot, mapLeaves(name, parameters, zerosLike)])),
    }),
    update(state, gradients, parameters, factor = 1) {
      const step = add(state.step, 1);
      const update = rule(rateAt(state.step, factor), step);
      const gradientOf = matchLeaves(name, parameters, gradients).map(([, gradient]) => gradient);
      const remembered = slotNames.map((slot) => matchLeaves(name, parameters, state.slots[slot]).map(([, x]) => x));
      const found: UpdatedLeaf<Slot>[] = [];
      let at = 0;
      const updated = mapLeaves(name, parameters, (parameter) => {
        const slots = Object.fromEntries(slotNames.map((slot, k) => [slot, remembered[k]![at]])) as Record<
          Slot,
          Tensor
        >;
        const leaf = update({ parameter, gradient: gradientOf[at]!, slots });
        found.push(leaf);
        at++;
        return leaf.parameter;
      });
      const slots = slotNames.map((slot) => {
        let leaf = 0;
        return [slot, mapLeaves(name, parameters, () => found[leaf++]!.slots[slot])] as const;
      });
      return { state: { step, slots: Object.fromEntries(slots) }, parameters: updated };
    },
  };
}

/**
 * The learning rate after so many updates, times a factor.
 * @throws InputError for a rate below 0.
 */
export function rateOf(name: string, learningRate: number | Schedule): (step: Tensor, factor: TensorLike) => Tensor {
  if (typeof learningRate === "number" && !(learningRate >= 0 && learningRate < Number.POSITIVE_INFINITY))
    throw new InputError(`${name}: the learning rate must be a number of at least 0, not ${learningRate}`);
  return (step, factor) => {
    const rate = typeof learningRate === "number" ? full([], learningRate, "float64") : learningRate(step);
    return factor === 1 ? rate : mul(rate, scalar(factor));
  };
}

/** In float64 to the last digit: a number alone would be read as float32. */
export const scalar = (value: TensorLike): Tensor =>
  typeof value === "number" ? full([], value, "float64") : cast(value, "float64");

/** @throws InputError for a decay rate outside [0, 1). */
export function requireDecay(name: string, what: string, value: number): void {
  if (!(value >= 0 && value < 1)) throw new InputError(`${name}: ${what} must be in [0, 1), not ${value}`);
}
