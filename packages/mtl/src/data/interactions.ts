import { InputError } from "../errors.js";
import { labelOf, taskLabels } from "./cells.js";
import { featureMatrix } from "./feature-matrix.js";
import { type Feature, featureNames, fitFeatures } from "./features.js";
import type { Descriptors, Schema } from "./pipeline.js";
import { inferSchema } from "./schema.js";
import { type Standardisation, standardisationOf } from "./standardise.js";
import { allRows, columnNamed, createTable, type Table } from "./table.js";

/**
 * Columns that say how the effect of a feature differs with what describes the task (cross-level interactions: Raudenbush
 * & Bryk, Hierarchical linear models, 2002, chapter 2): the descriptors, and each feature times each of them.
 */
export interface Interactions {
  /** How cells of the table of tasks become descriptors. */
  readonly features: readonly Feature[];
  /** The tasks that the table described. */
  readonly tasks: readonly string[];
  /** Their descriptors, standardised over the tasks that train, [tasks, descriptors]. */
  readonly values: readonly number[];
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
  const described = descriptorTable(descriptors!, task);
  const names = namesIn(described, task);
  const rowOf = new Map(names.map((name, row) => [name, row]));
  const labels = taskLabels(columnNamed(table, task, "fitPipeline"), "fitPipeline");
  const trained = [...new Set(Array.from(trainRows, (row) => labels[row]!))];
  const rows = trained.map((name) => {
    const row = rowOf.get(name);
    if (row === undefined) throw new InputError(`fitPipeline: no row of the descriptors describes task "${name}"`);
    return row;
  });
  const { numeric, categorical } = inferSchema(described, { task, target: "" }, { target: false });
  const own = fitFeatures(described, { numeric, categorical }, names, rows);
  if (own.length === 0) throw new InputError("fitPipeline: the table of descriptors has no column but its key");
  const values = featureMatrix(own, described, names, allRows(described));
  const bare: Interactions = { features: own, tasks: names, values: Array.from(values), products: [] };
  const x = featureMatrix(features, table, labels, trainRows);
  const rowTasks = Array.from(trainRows, (row) => labels[row]!);
  const plain = productsOf(bare, x, rowTasks, descriptorsOf(bare));
  const columns = plain.length / Math.max(1, trainRows.length);
  const products = Array.from({ length: columns }, (_, column) =>
    standardisationOf(Float64Array.from(trainRows, (_, i) => plain[i * columns + column]!)),
  );
  return { ...bare, products };
}

/** The key and the columns that count. */
function descriptorTable({ table, columns }: Descriptors, task: string): Table {
  if (columns === undefined) return table;
  return createTable([task, ...columns].map((name) => columnNamed(table, name, "fitPipeline")));
}

function namesIn(table: Table, task: string): string[] {
  const names = taskLabels(columnNamed(table, task, "descriptors"), "descriptors");
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) throw new InputError(`descriptors: task "${name}" has two rows; keep one`);
    seen.add(name);
  }
  return names;
}

/** The descriptors of each task: those that were fitted, and those of further tasks by a table of the same columns. */
export function descriptorsOf(
  { features, tasks, values }: Interactions,
  further?: { readonly table: Table; readonly task: string },
): Map<string, ArrayLike<number>> {
  const width = features.flatMap(featureNames).length;
  const known = new Map<string, ArrayLike<number>>(
    tasks.map((name, row) => [name, values.slice(row * width, (row + 1) * width)]),
  );
  if (further === undefined) return known;
  const names = namesIn(further.table, further.task).map(labelOf);
  const more = featureMatrix(features, further.table, names, allRows(further.table));
  for (const [row, name] of names.entries()) {
    if (!known.has(name)) known.set(name, more.subarray(row * width, (row + 1) * width));
  }
  return known;
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
  const width = interactions.features.flatMap(featureNames).length;
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
  { features }: Interactions,
  x: Float64Array,
  tasks: readonly string[],
  descriptors: ReadonlyMap<string, ArrayLike<number>>,
): Float64Array {
  const width = features.flatMap(featureNames).length;
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
