import { matrixOf } from "../data/arrays.js";
import { applyPipeline, type PreparedRows } from "../data/prepare.js";
import type { Table } from "../data/table.js";
import type { MatrixLike } from "../data/tasks.js";
import { InputError } from "../errors.js";
import { lossOf } from "../losses/saved.js";
import { type KinOptions, type NodeWeights, nodesFor } from "./kin.js";
import type { LinearModel } from "./model.js";

export interface PredictOptions extends KinOptions {
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
  const { descriptors } = options;
  const prepare = { target: false, ...(descriptors && { descriptors }) };
  return predictRows(model, applyPipeline(model.pipeline, table, undefined, prepare), options);
}

/**
 * Predictions for rows that a pipeline has prepared, in the target's own units. The probability of label 1 under the
 * logistic loss, the expected count under Poisson's; under the multinomial loss [rows, classes], each row's probabilities.
 */
export function predictRows(model: LinearModel, rows: PreparedRows, options: PredictOptions = {}): Float64Array {
  const nodes = nodesFor(model, rows.tasks, options);
  return predictNodes(model, nodes, rows.x, Int32Array.from(rows.tasks, nodeFinder(model, nodes, options)));
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
  const nodes = nodesFor(model, [task], options);
  return predictNodes(model, nodes, data, new Int32Array(rows).fill(nodeFinder(model, nodes, options)(task)));
}

/** One row of `outputs` predictions a row of x, by the weights of that row's node. */
function predictNodes(
  { features, loss, pipeline }: LinearModel,
  { weights, intercepts }: NodeWeights,
  x: Float64Array,
  nodes: Int32Array,
): Float64Array {
  const { outputs, link } = lossOf(loss);
  const width = features.length;
  const base = pipeline?.targetMean ?? 0;
  const out = new Float64Array(nodes.length * outputs);
  for (const [row, node] of nodes.entries()) {
    for (let c = 0; c < outputs; c++) {
      const score = node * outputs + c;
      let value = base + intercepts[score]!;
      for (let k = 0; k < width; k++) value += weights[score * width + k]! * x[row * width + k]!;
      out[row * outputs + c] = value;
    }
    link(out, row * outputs);
  }
  return out;
}

function nodeFinder(model: LinearModel, { names }: NodeWeights, { parents }: PredictOptions) {
  const nodes = new Map(names.map((name, node) => [name, node]));
  const { root, kind, descriptors } = model.kinship;
  return (task: string): number => {
    const known = nodes.get(task);
    if (known !== undefined) return known;
    const parent = parents?.get(task);
    if (parent !== undefined && !nodes.has(parent)) {
      throw new InputError(`predict: task "${task}" has the parent "${parent}", which the kinship does not know`);
    }
    const stand = parent ?? root;
    if (stand === null && descriptors !== undefined) {
      const columns = descriptors.features.map(({ column }) => column).join(", ");
      throw new InputError(
        `predict: the model was not fitted on task "${task}", and nothing describes it; ` +
          `give its row of the columns ${descriptors.key}, ${columns} in descriptors`,
      );
    }
    if (stand === null) {
      throw new InputError(
        `predict: the model was not fitted on task "${task}", and the ${kind} kinship says nothing of a new task; ` +
          `give the node that stands for it in parents, or shares of several in kin`,
      );
    }
    return nodes.get(stand)!;
  };
}
