import { jacobianOfTasks, type Structured } from "@kinship/autodiff";
import { stack, Tensor } from "@kinship/tensor";
import { InputError } from "../errors.js";

/** One loss a task: tensors of one number, in an array or an object. */
export type TaskLosses = readonly Tensor[] | { readonly [task: string]: Tensor };

export interface TaskGradients<Parameters> {
  /** [m], in the order of the array or of the object's keys. */
  readonly losses: Tensor;
  /** One a task, each with the structure of the parameters. */
  readonly gradients: Parameters[];
}

/**
 * The losses of all tasks and the gradient of each in the first argument: one pass forward, one pass back a task. What
 * the tasks share is computed once. Written so that it can be recorded.
 * @throws RangeError where a loss is not one number; InputError where there is none.
 * @example taskGradients((w) => [sum(w), sum(mul(w, w))])(tensor([1, 2])).gradients   // [[1, 1], [2, 4]]
 */
export const taskGradients =
  <Parameters extends Structured<Parameters>, Rest extends readonly unknown[]>(
    f: (parameters: Parameters, ...rest: Rest) => TaskLosses,
  ): ((parameters: Parameters, ...rest: Rest) => TaskGradients<Parameters>) =>
  (parameters, ...rest) => {
    const { losses, gradients } = jacobianOfTasks<Parameters, [], Tensor[]>((own) =>
      listLosses("taskGradients", f(own, ...rest)),
    )(parameters);
    return { losses: stack(losses), gradients: gradients as unknown as Parameters[] };
  };

/** The losses as an array. @throws InputError where there is none, or one that is not a tensor. */
export function listLosses(name: string, losses: TaskLosses): Tensor[] {
  const found = Object.entries(losses);
  if (losses instanceof Tensor || found.length === 0)
    throw new InputError(`${name}: the function must return one loss a task, in an array or an object`);
  return found.map(([task, loss]) => {
    if (!(loss instanceof Tensor)) throw new InputError(`${name}: the loss of task ${task} is not a tensor`);
    return loss;
  });
}
