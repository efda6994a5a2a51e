import type { Structure, Tensor } from "@kinship/tensor";
import { tensor } from "@kinship/tensor";
import { gramianTensor } from "../gradients/gramian.js";
import type { Batch, Objective } from "../objective/objective.js";
import type { GradientRecord } from "./progress.js";
import type { TrainingState } from "./state.js";
import type { Wrap } from "./step.js";
import { taskGradients } from "./task-gradients.js";

/** How the tasks' gradients of what they share stand to each other on a batch. */
export type Probe = (state: TrainingState, batch: Batch) => GradientRecord;

export function createProbe(objective: Objective, wrap: Wrap = (f) => f): Probe {
  const ones = tensor(new Float64Array(objective.tasks.length).fill(1));
  const measure = wrap((state: TrainingState, batch: Structure): { losses: Tensor; gramian: Tensor } => {
    const { losses, shared } = taskGradients(objective, state, batch as unknown as Batch, ones);
    return { losses, gramian: (gramianTensor as (gradients: readonly Structure[]) => Tensor)(shared) };
  });
  return (state, batch) => {
    const { losses, gramian } = measure(state, batch as unknown as Structure);
    return { losses: [...losses.toTypedArray()], gramian: [...gramian.toTypedArray()] };
  };
}
