import { groupRows, taskLabels } from "./cells.js";
import {
  allRows,
  type CategoricalFeature,
  levelOf,
  type NumericFeature,
  type Pipeline,
  readNumeric,
  readTarget,
} from "./pipeline.js";
import { type Column, columnNamed, type Table } from "./table.js";
import type { Task } from "./tasks.js";

/** Rows of a table as numbers. */
export interface PreparedRows {
  /** The task of each row. */
  readonly tasks: readonly string[];
  /** [rows, features], row-major. */
  readonly x: Float64Array;
  readonly features: number;
  /** The target less the pipeline's mean; null where it was not asked for. */
  readonly y: Float64Array | null;
}

/**
 * Turns rows of a table into x, and y if `target` is asked for, by a fitted pipeline.
 * @throws InputError for a missing column, or a value that is not a finite number where one is needed.
 */
export function applyPipeline(
  pipeline: Pipeline,
  table: Table,
  rows: ArrayLike<number> = allRows(table),
  { target = true }: { readonly target?: boolean } = {},
): PreparedRows {
  const labels = taskLabels(columnNamed(table, pipeline.task, "applyPipeline"), "applyPipeline");
  const features = pipeline.names.length;
  const x = new Float64Array(rows.length * features);
  let first = 0;
  for (const feature of pipeline.features) {
    const column = columnNamed(table, feature.column, "applyPipeline");
    if (feature.kind === "numeric") first += writeNumeric(feature, column, labels, rows, x, features, first);
    else first += writeCategorical(feature, column, rows, x, features, first);
  }
  let y: Float64Array | null = null;
  if (target) {
    const column = columnNamed(table, pipeline.target, "applyPipeline");
    y = readTarget(column, labels, rows, "applyPipeline").map((value) => value - pipeline.targetMean);
  }
  return { tasks: Array.from(rows, (row) => labels[row]!), x, features, y };
}

/** The writers return how many columns of x they filled. */
function writeNumeric(
  feature: NumericFeature,
  column: Column,
  labels: readonly string[],
  rows: ArrayLike<number>,
  x: Float64Array,
  width: number,
  first: number,
): number {
  const { mean, scale, missing } = feature;
  for (let i = 0; i < rows.length; i++) {
    const value = readNumeric(column, rows[i]!, labels[rows[i]!], "applyPipeline");
    const known = !Number.isNaN(value);
    x[i * width + first] = known ? (value - mean) / scale : 0;
    if (missing !== null) x[i * width + first + 1] = ((known ? 0 : 1) - missing.mean) / missing.scale;
  }
  return missing === null ? 1 : 2;
}

function writeCategorical(
  feature: CategoricalFeature,
  column: Column,
  rows: ArrayLike<number>,
  x: Float64Array,
  width: number,
  first: number,
): number {
  const known = new Set([feature.reference, ...feature.levels.map(({ level }) => level)]);
  for (let i = 0; i < rows.length; i++) {
    const value = levelOf(column, rows[i]!);
    if (!known.has(value)) continue;
    for (const [k, { level, mean, scale }] of feature.levels.entries()) {
      x[i * width + first + k] = ((value === level ? 1 : 0) - mean) / scale;
    }
  }
  return feature.levels.length;
}

/** The tasks that prepared rows belong to, in the order of their first row, their rows in the table's order. */
export function tasksFromRows(prepared: PreparedRows): Task[] {
  const { x, y, features } = prepared;
  if (y === null) throw new Error("tasksFromRows: the rows were prepared without their target");
  return [...groupRows(prepared.tasks)].map(([name, rows]) => {
    const inputs = new Float64Array(rows.length * features);
    for (const [i, row] of rows.entries()) {
      inputs.set(x.subarray(row * features, (row + 1) * features), i * features);
    }
    return {
      name,
      x: { data: inputs, shape: [rows.length, features], stride: [features, 1], offset: 0 },
      y: Float64Array.from(rows, (row) => y[row]!),
    };
  });
}
