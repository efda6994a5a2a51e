import type { Structure, Tensor } from "@kinship/tensor";
import type { ObjectiveParameters } from "../objective/objective.js";
import type { OptimizerState } from "../optimizers/optimizer.js";

/** All that a step changes, as tensors: what is saved, and what resumes to the same bits. */
export type TrainingState = {
  readonly parameters: ObjectiveParameters;
  /** Of layers: batch norm's running statistics. */
  readonly layers: Structure;
  readonly optimizer: OptimizerState<ObjectiveParameters>;
  readonly balance: Structure;
  readonly penalties: readonly Structure[];
  /** The next step's randomness. */
  readonly key: Tensor;
};
