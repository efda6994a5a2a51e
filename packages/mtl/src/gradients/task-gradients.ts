import { vjp } from "@kinship/autodiff";
import { leaves, mapLeaves, onesLike, reshape, type Structure, stack, type Tensor, zerosLike } from "@kinship/tensor";
import { InputError } from "../errors.js";

/** One loss a task: tensors of one number, in an array or an object. */
export type TaskLosses = readonly Tensor[] | { readonly [task: string]: Tensor };

export interface TaskGradients<Parameters extends Structure> {
  /** [m], in the order of the array or of the object's keys. */
  readonly losses: Tensor;
  /** One a task, each with the structure of the parameters. */
  readonly gradients: Parameters[];
}

/**
 * The losses of all tasks and the gradient of each in the first argument: one pass forward, one pass back a task. What
 * the tasks share is computed once. Written so that it can be recorded.
 * @throws InputError where a loss is not one number.
 * @example taskGradients((w) => [sum(w), sum(mul(w, w))])(tensor([1, 2])).gradients   // [[1, 1], [2, 4]]
 */
export function taskGradients<Parameters extends Structure, Rest extends readonly unknown[]>(
  f: (parameters: Parameters, ...rest: Rest) => TaskLosses,
): (parameters: Parameters, ...rest: Rest) => TaskGradients<Parameters> {
  return (parameters, ...rest) => {
    const { output, pullback } = vjp<[Parameters], Structure>((own) => f(own, ...rest) as Structure, [parameters]);
    const losses = checkLosses("taskGradients", output);
    const gradients = losses.map((_, task) => {
      let at = 0;
      const oneHot = mapLeaves("taskGradients", output, (loss) => (at++ === task ? onesLike(loss) : zerosLike(loss)));
      return pullback(oneHot)[0];
    });
    return { losses: stackLosses(losses), gradients };
  };
}

/** @throws InputError where there is no loss, or one that is not one number. */
export function checkLosses(name: string, output: Structure): Tensor[] {
  const losses = leaves(name, output);
  if (losses.length === 0) throw new InputError(`${name}: the function must return one loss a task, found none`);
  losses.forEach((loss, task) => {
    if (loss.size !== 1)
      throw new InputError(
        `${name}: the loss of task ${task} has shape [${loss.shape.join(", ")}], expected one number; reduce it with sum or mean`,
      );
  });
  return losses;
}

/** [m] */
export const stackLosses = (losses: readonly Tensor[]): Tensor => stack(losses.map((loss) => reshape(loss, [])));
