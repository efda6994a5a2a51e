import { forEachLeaf, full, leaves, mapLeaves, reshape, type Tensor } from "@kinship/tensor";
import { checkScalar } from "./check.js";
import { rowByRow } from "./jacobian.js";
import { record } from "./reverse.js";
import type { Jacobian, Structured } from "./structured.js";
import { pullbackTogether } from "./together.js";

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

/**
 * The same gradients without ever having them all: one pass forward, then the passes back of all tasks side by side.
 * `visit` is given the gradients of one tensor of the parameters, one a task in the order of the losses, and its path,
 * as soon as they are known: the last layer's first. What it does not keep is let go.
 * @throws RangeError, with the task's name, for a loss of more than one number.
 * @example visitTaskGradients((w) => [sum(w), sum(mul(w, w))], ([a, b]) => console.log(dot(a, b)))(tensor([1, 2]))
 */
export const visitTaskGradients =
  <
    Shared extends Structured<Shared> = Tensor,
    Rest extends readonly unknown[] = [],
    Losses extends Structured<Losses> = Tensor[],
  >(
    f: (shared: Shared, ...rest: Rest) => Losses,
    visit: (gradients: readonly Tensor[], path: string) => void,
  ): ((shared: Shared, ...rest: Rest) => Losses) =>
  (shared, ...rest) => {
    const name = "visitTaskGradients";
    const { tape, watched, result } = record(name, shared, (x: Shared) =>
      mapLeaves(name, f(x, ...rest), (loss, path) => reshape(checkScalar(name, loss, path), [])),
    );
    const paths: string[] = [];
    forEachLeaf(name, shared, (_, path) => paths.push(path));
    const seeds = leaves(name, result).map((loss) => [loss, full([], 1, loss.dtype)] as const);
    pullbackTogether(tape, seeds, watched, (k, gradients) => visit(gradients, paths[k]));
    return result;
  };
