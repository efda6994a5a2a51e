import { taskLabels } from "./cells.js";
import { type DescribedTasks, describeTasks, descriptorsOf, descriptorWidth } from "./descriptors.js";
import { featureMatrix } from "./feature-matrix.js";
import type { Feature } from "./features.js";
import type { Schema } from "./pipeline.js";
import { type Standardisation, standardisationOf } from "./standardise.js";
import { columnNamed, type Table } from "./table.js";

/**
 * Columns that say how the effect of a feature differs with what describes the task (cross-level interactions: Raudenbush
 * & Bryk, Hierarchical linear models, 2002, chapter 2): the descriptors, and each feature times each of them.
 */
export interface Interactions extends DescribedTasks {
  /** One a product, feature by feature. */
  readonly products: readonly Standardisation[];
}

/** @throws InputError for a task of the rows that the table does not describe, or describes twice. */
export function fitInteractions(
  { task, descriptors }: Schema,
  features: readonly Feature[],
  table: Table,
  trainRows: ArrayLike<number>,
): Interactions {
  const labels = taskLabels(columnNamed(table, task, "fitPipeline"), "fitPipeline");
  const rowTasks = Array.from(trainRows, (row) => labels[row]!);
  const bare = { ...describeTasks(descriptors!, task, [...new Set(rowTasks)], "fitPipeline"), products: [] };
  const x = featureMatrix(features, table, labels, trainRows);
  const plain = productsOf(bare, x, rowTasks, descriptorsOf(bare));
  const columns = plain.length / Math.max(1, trainRows.length);
  const products = Array.from({ length: columns }, (_, column) =>
    standardisationOf(Float64Array.from(trainRows, (_, i) => plain[i * columns + column]!)),
  );
  return { ...bare, products };
}

/**
 * x with the columns of the interactions behind its own. A task without descriptors counts as the average task.
 * @param x [rows, features], row-major
 */
export function withInteractions(
  interactions: Interactions,
  x: Float64Array,
  tasks: readonly string[],
  descriptors: ReadonlyMap<string, ArrayLike<number>>,
): Float64Array {
  const { products } = interactions;
  const width = descriptorWidth(interactions);
  const own = products.length / width;
  const total = own + width + products.length;
  const crossed = productsOf(interactions, x, tasks, descriptors);
  const out = new Float64Array(tasks.length * total);
  for (const [row, task] of tasks.entries()) {
    const at = row * total;
    const descriptor = descriptors.get(task);
    out.set(x.subarray(row * own, (row + 1) * own), at);
    for (let k = 0; k < width; k++) out[at + own + k] = descriptor?.[k] ?? 0;
    for (const [k, { mean, scale }] of products.entries()) {
      out[at + own + width + k] = (crossed[row * products.length + k]! - mean) / scale;
    }
  }
  return out;
}

/** [rows, features · descriptors] */
function productsOf(
  described: DescribedTasks,
  x: Float64Array,
  tasks: readonly string[],
  descriptors: ReadonlyMap<string, ArrayLike<number>>,
): Float64Array {
  const width = descriptorWidth(described);
  const own = x.length / Math.max(1, tasks.length);
  const out = new Float64Array(tasks.length * own * width);
  for (const [row, task] of tasks.entries()) {
    const descriptor = descriptors.get(task);
    if (descriptor === undefined) continue;
    for (let j = 0; j < own; j++) {
      for (let k = 0; k < width; k++) out[(row * own + j) * width + k] = x[row * own + j]! * descriptor[k]!;
    }
  }
  return out;
}
