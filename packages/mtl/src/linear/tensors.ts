import { type Tensor, tensor } from "@kinship/tensor";
import type { LinearModel } from "./model.js";

/** W of shape [features, tasks], float64: a column of weights a task, as in tr(W K Wᵀ). A copy. */
export function weightsTensor({ weights, features, kinship }: LinearModel): Tensor {
  const tasks = kinship.tasks.length;
  const [rows, columns] = [features.length, tasks];
  const transposed = new Float64Array(rows * columns);
  for (let t = 0; t < columns; t++) {
    for (let k = 0; k < rows; k++) transposed[k * columns + t] = weights[t * rows + k]!;
  }
  return tensor(transposed, { shape: [rows, columns] });
}

/** b of shape [tasks], float64. A copy. */
export function interceptsTensor({ intercepts, kinship }: LinearModel): Tensor {
  return tensor(intercepts.slice(0, kinship.tasks.length));
}
