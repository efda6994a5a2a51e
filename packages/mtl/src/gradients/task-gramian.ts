import { type Structured, visitTaskGradients } from "@kinship/autodiff";
import { add, stack, type Tensor, zeros } from "@kinship/tensor";
import { gramianTensor } from "./gramian.js";
import { listLosses, type TaskLosses } from "./task-gradients.js";

export interface TaskGramian {
  /** [m], in the order of the array or of the object's keys. */
  readonly losses: Tensor;
  /** [m, m], float64: the inner products of the tasks' gradients. */
  readonly gramian: Tensor;
}

/**
 * What most balancing methods need of the tasks' gradients, without keeping them: the passes back of all tasks go side
 * by side, layer by layer, and of each parameter's gradients only their inner products stay. Written so that it can be
 * recorded; compiled, its memory holds the gradients of one parameter at a time.
 * @throws RangeError where a loss is not one number; InputError where there is none.
 * @example taskGramian((w) => [sum(w), sum(mul(w, w))])(tensor([1, 2])).gramian   // [[2, 6], [6, 20]]
 */
export const taskGramian =
  <Parameters extends Structured<Parameters>, Rest extends readonly unknown[]>(
    f: (parameters: Parameters, ...rest: Rest) => TaskLosses,
  ): ((parameters: Parameters, ...rest: Rest) => TaskGramian) =>
  (parameters, ...rest) => {
    let gramian: Tensor | undefined;
    const losses = visitTaskGradients<Parameters, [], Tensor[]>(
      (own) => listLosses("taskGramian", f(own, ...rest)),
      (gradients) => {
        const part = gramianTensor(gradients);
        gramian = gramian ? add(gramian, part) : part;
      },
    )(parameters);
    return { losses: stack(losses), gramian: gramian ?? zeros([losses.length, losses.length], "float64") };
  };
