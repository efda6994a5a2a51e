import { matrixOf, vectorOf } from "../data/arrays.js";
import type { Task } from "../data/tasks.js";
import { InputError } from "../errors.js";
import { type LinearModel, nodeNames } from "../linear/model.js";
import { lossOf } from "../losses/saved.js";

/**
 * What a small step down the loss of one task does to the loss of each other, from one common model: entry i·T + j is
 * ⟨∇L_i, ∇L_j⟩ / L_j, in parts of task j's mean loss (Fifty et al., Efficiently identifying task groupings, NeurIPS 2021,
 * equation 1, in the limit of small steps). For `groupTasks`.
 * @param model whose root stands for all tasks, as a pooled fit is
 * @throws InputError for a model without a root, or tasks of another width
 */
export function linearAffinity(model: LinearModel, tasks: readonly Task[]): Float64Array {
  const node = model.kinship.root === null ? -1 : nodeNames(model).indexOf(model.kinship.root);
  if (node < 0) throw new InputError("linearAffinity: the model has no root, which would stand for all tasks");
  const { outputs, value, gradient } = lossOf(model.loss);
  const features = model.features.length;
  const width = features + 1;
  const gradients = new Float64Array(tasks.length * outputs * width);
  const losses = new Float64Array(tasks.length);
  const scores = new Float64Array(outputs);
  const slopes = new Float64Array(outputs);
  for (const [t, task] of tasks.entries()) {
    const { data, rows, columns } = matrixOf(task.x, `linearAffinity: task "${task.name}", x`);
    if (columns !== features) {
      throw new InputError(`linearAffinity: task "${task.name}" has ${columns} features, and the model ${features}`);
    }
    const y = vectorOf(task.y, `linearAffinity: task "${task.name}", y`);
    for (let row = 0; row < rows; row++) {
      for (let c = 0; c < outputs; c++) {
        const at = node * outputs + c;
        let score = model.intercepts[at]!;
        for (let j = 0; j < features; j++) score += model.weights[at * features + j]! * data[row * features + j]!;
        scores[c] = score;
      }
      losses[t] = losses[t]! + value(scores, 0, y[row]!) / rows;
      gradient(scores, 0, y[row]!, slopes);
      for (let c = 0; c < outputs; c++) {
        const at = (t * outputs + c) * width;
        for (let j = 0; j < features; j++) gradients[at + j]! += (slopes[c]! * data[row * features + j]!) / rows;
        gradients[at + features]! += slopes[c]! / rows;
      }
    }
  }
  const size = outputs * width;
  return Float64Array.from({ length: tasks.length ** 2 }, (_, at) => {
    const [i, j] = [Math.floor(at / tasks.length), at % tasks.length];
    let product = 0;
    for (let k = 0; k < size; k++) product += gradients[i * size + k]! * gradients[j * size + k]!;
    return losses[j]! === 0 ? 0 : product / Math.abs(losses[j]!);
  });
}
