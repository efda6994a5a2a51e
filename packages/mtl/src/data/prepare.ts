import { groupRows, taskLabels } from "./cells.js";
import { descriptorsOf } from "./descriptors.js";
import { featureMatrix } from "./feature-matrix.js";
import { withInteractions } from "./interactions.js";
import { type Pipeline, readTarget } from "./pipeline.js";
import { allRows, columnNamed, type Table } from "./table.js";
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

export interface PrepareOptions {
  /** Whether y is asked for; true unless given. */
  readonly target?: boolean;
  /** One row a task, for tasks that the pipeline's interactions do not know. */
  readonly descriptors?: Table;
}

/**
 * Turns rows of a table into x, and y if `target` is asked for, by a fitted pipeline.
 * @throws InputError for a missing column, or a value that is not a finite number where one is needed.
 */
export function applyPipeline(
  pipeline: Pipeline,
  table: Table,
  rows: ArrayLike<number> = allRows(table),
  { target = true, descriptors }: PrepareOptions = {},
): PreparedRows {
  const labels = taskLabels(columnNamed(table, pipeline.task, "applyPipeline"), "applyPipeline");
  const own = featureMatrix(pipeline.features, table, labels, rows);
  const tasks = Array.from(rows, (row) => labels[row]!);
  const { interactions } = pipeline;
  const further = descriptors === undefined ? undefined : { table: descriptors, task: pipeline.task };
  const x =
    interactions === null ? own : withInteractions(interactions, own, tasks, descriptorsOf(interactions, further));
  let y: Float64Array | null = null;
  if (target) {
    const column = columnNamed(table, pipeline.target, "applyPipeline");
    const read = readTarget(column, labels, rows, pipeline.labels, "applyPipeline");
    y = read.map((value) => value - pipeline.targetMean);
  }
  return { tasks, x, features: pipeline.names.length, y };
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
