import { InputError } from "../errors.js";
import { labelOf, taskLabels } from "./cells.js";
import { featureMatrix } from "./feature-matrix.js";
import { type Feature, featureNames, fitFeatures } from "./features.js";
import type { Descriptors } from "./pipeline.js";
import { inferSchema } from "./schema.js";
import { allRows, columnNamed, createTable, type Table } from "./table.js";

/** What a table with one row a task says of each, as numbers: plain data, saved with the model. */
export interface DescribedTasks {
  /** How cells of the table become descriptors. */
  readonly features: readonly Feature[];
  /** The tasks that the table described. */
  readonly tasks: readonly string[];
  /** Their descriptors, standardised over the tasks that train, [tasks, descriptors]. */
  readonly values: readonly number[];
}

/**
 * @param key the column that names the tasks
 * @throws InputError for a task of `trained` that the table does not describe, or any that it describes twice.
 */
export function describeTasks(
  { table, columns }: Descriptors,
  key: string,
  trained: readonly string[],
  caller: string,
): DescribedTasks {
  const described =
    columns === undefined ? table : createTable([key, ...columns].map((name) => columnNamed(table, name, caller)));
  const tasks = namesIn(described, key);
  const rowOf = new Map(tasks.map((name, row) => [name, row]));
  const rows = trained.map((name) => {
    const row = rowOf.get(name);
    if (row === undefined) throw new InputError(`${caller}: no row of the descriptors describes task "${name}"`);
    return row;
  });
  const { numeric, categorical } = inferSchema(described, { task: key, target: "" }, { target: false });
  const features = fitFeatures(described, { numeric, categorical }, tasks, rows);
  if (features.length === 0) throw new InputError(`${caller}: the table of descriptors has no column but its key`);
  return { features, tasks, values: Array.from(featureMatrix(features, described, tasks, allRows(described))) };
}

function namesIn(table: Table, key: string): string[] {
  const names = taskLabels(columnNamed(table, key, "descriptors"), "descriptors");
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) throw new InputError(`descriptors: task "${name}" has two rows; keep one`);
    seen.add(name);
  }
  return names;
}

/** The descriptors of each task: those that were fitted, and those of further tasks by a table of the same columns. */
export function descriptorsOf(
  { features, tasks, values }: DescribedTasks,
  further?: { readonly table: Table; readonly task: string },
): Map<string, ArrayLike<number>> {
  const width = descriptorWidth({ features });
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

/** How many numbers describe a task. */
export const descriptorWidth = ({ features }: Pick<DescribedTasks, "features">): number =>
  features.flatMap(featureNames).length;
