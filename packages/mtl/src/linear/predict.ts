import { matrixOf } from "../data/arrays.js";
import { applyPipeline, type PreparedRows } from "../data/prepare.js";
import type { Table } from "../data/table.js";
import type { MatrixLike } from "../data/tasks.js";
import { InputError } from "../errors.js";
import { type LinearModel, nodeNames } from "./model.js";

export interface PredictOptions {
  /** The parent (or any node of the kinship) that stands for a task the model was not fitted on. */
  readonly parents?: ReadonlyMap<string, string>;
}

/**
 * Predictions for every row of a table, by a model that was fitted on a table. A task never seen is predicted by
 * what the kinship expects of it: the weights of its parent, if one is given or the kinship knows it, else of the root.
 * @throws InputError for a missing column, a bad value, and an unseen task in a kinship without a root.
 */
export function predict(model: LinearModel, table: Table, options: PredictOptions = {}): Float64Array {
  if (model.pipeline === null) {
    throw new InputError("predict: the model was fitted on numbers, not on a table; use predictTask");
  }
  return predictRows(model, applyPipeline(model.pipeline, table, undefined, { target: false }), options);
}

/** Predictions for rows that a pipeline has prepared, in the target's own units. */
export function predictRows(model: LinearModel, rows: PreparedRows, options: PredictOptions = {}): Float64Array {
  const nodeOf = nodeFinder(model, options);
  const base = model.pipeline?.targetMean ?? 0;
  return Float64Array.from(rows.tasks, (task, row) => base + predictRow(model, nodeOf(task), rows.x, row));
}

/** Predictions for the inputs x, [n, features], of one task. */
export function predictTask(
  model: LinearModel,
  task: string,
  x: MatrixLike,
  options: PredictOptions = {},
): Float64Array {
  const { data, rows, columns } = matrixOf(x, "predictTask: x");
  if (columns !== model.features.length) {
    throw new InputError(`predictTask: x has ${columns} columns, and the model ${model.features.length} features`);
  }
  const node = nodeFinder(model, options)(task);
  const base = model.pipeline?.targetMean ?? 0;
  return Float64Array.from({ length: rows }, (_, row) => base + predictRow(model, node, data, row));
}

function predictRow(
  { weights, intercepts, features }: LinearModel,
  node: number,
  x: Float64Array,
  row: number,
): number {
  const width = features.length;
  let value = intercepts[node]!;
  for (let k = 0; k < width; k++) value += weights[node * width + k]! * x[row * width + k]!;
  return value;
}

function nodeFinder(model: LinearModel, { parents }: PredictOptions): (task: string) => number {
  const nodes = new Map(nodeNames(model).map((name, node) => [name, node]));
  const { root, kind } = model.kinship;
  return (task) => {
    const known = nodes.get(task);
    if (known !== undefined) return known;
    const parent = parents?.get(task);
    if (parent !== undefined && !nodes.has(parent)) {
      throw new InputError(`predict: task "${task}" has the parent "${parent}", which the kinship does not know`);
    }
    const stand = parent ?? root;
    if (stand === null) {
      throw new InputError(
        `predict: the model was not fitted on task "${task}", and the ${kind} kinship says nothing of a new task; ` +
          `give the node that stands for it in parents`,
      );
    }
    return nodes.get(stand)!;
  };
}
