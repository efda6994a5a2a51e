import { type Tensor, tensor, zeros } from "@kinship/tensor";
import { adam } from "../../optimizers/adam.js";
import type { Optimizer, OptimizerState } from "../../optimizers/optimizer.js";

/** Numbers that a method learns beside the model, one a task, with the state of their optimizer. */
export type LearnedState = {
  /** [m], float64. */
  readonly learned: Tensor;
  readonly optimizer: OptimizerState<Tensor>;
};

export interface LearnedOptions {
  /** Moves the method's own numbers. Default: Adam at 0.025. */
  readonly optimizer?: Optimizer;
}

export const defaultOptimizer = (): Optimizer => adam({ learningRate: 0.025 });

export function startLearned(tasks: number, optimizer: Optimizer): LearnedState {
  const learned = zeros([tasks], "float64");
  return { learned, optimizer: optimizer.start<Tensor>(learned) };
}

export function learn(state: LearnedState, gradient: Float64Array, optimizer: Optimizer): LearnedState {
  const updated = optimizer.update<Tensor>(state.optimizer, tensor(gradient), state.learned);
  return { learned: updated.parameters, optimizer: updated.state };
}
