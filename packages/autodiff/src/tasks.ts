import { mapLeaves, reshape, type Tensor } from "@kinship/tensor";
import { checkScalar } from "./check.js";
import { rowByRow } from "./jacobian.js";
import type { Jacobian, Structured } from "./structured.js";

export interface TaskGradients<Losses, Shared> {
  readonly losses: Losses;
  /** The gradient of each task's loss, in the structure of the losses. */
  readonly gradients: Jacobian<Losses, Shared>;
}

/**
 * The gradient of each task's loss in the shared parameters (the first argument): one pass forward for all tasks, then
 * one pass back for each over the same tape. For what one step does to every task's loss, `jvp` of the same function
 * needs a single pass.
 * @param f gives one loss a task, in an array or object: each a tensor of one number.
 * @throws RangeError, with the task's name, for a loss of more than one number.
 * @example jacobianOfTasks((w) => ({ a: sum(w), b: sum(mul(w, w)) }))(tensor([1, 2])).gradients.b   // tensor([2, 4])
 */
export const jacobianOfTasks =
  <
    Shared extends Structured<Shared> = Tensor,
    Rest extends readonly unknown[] = [],
    Losses extends Structured<Losses> = Tensor[],
  >(
    f: (shared: Shared, ...rest: Rest) => Losses,
  ): ((shared: Shared, ...rest: Rest) => TaskGradients<Losses, Shared>) =>
  (shared, ...rest) => {
    const body = (x: Shared) =>
      mapLeaves("jacobianOfTasks", f(x, ...rest), (loss, path) =>
        reshape(checkScalar("jacobianOfTasks", loss, path), []),
      );
    const { output, gradients } = rowByRow<Shared, Losses>("jacobianOfTasks", body, shared);
    return { losses: output, gradients: gradients() };
  };
