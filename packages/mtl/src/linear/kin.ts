import type { Table } from "../data/table.js";
import { InputError } from "../errors.js";
import { lossOf } from "../losses/saved.js";
import { kinByDescriptors } from "../relations/described.js";
import { type LinearModel, nodeNames } from "./model.js";

/** Shares of known tasks' weights that stand for each task never seen. */
export type KinShares = ReadonlyMap<string, ReadonlyMap<string, number>>;

export interface NodeWeights {
  readonly names: readonly string[];
  /** [names, outputs, features] */
  readonly weights: Float64Array;
  /** [names, outputs] */
  readonly intercepts: Float64Array;
}

export interface KinOptions {
  /** Shares of several nodes that stand for one, as `descriptorKinship` finds them. */
  readonly kin?: KinShares;
  /**
   * One row a task, for tasks that the model was not fitted on: a model with interactions needs their descriptors, and one
   * whose tasks are kin by descriptors gives them weights by these.
   */
  readonly descriptors?: Table;
}

/** The nodes that `tasks` are predicted by: the model's, and those that the descriptors of unseen tasks tell. */
export function nodesFor(model: LinearModel, tasks: Iterable<string>, options: KinOptions = {}): NodeWeights {
  const { kin = new Map(), descriptors } = options;
  const { descriptors: described, tasks: trained } = model.kinship;
  if (described === undefined) return withKin(model, kin);
  const known = new Set([...nodeNames(model), ...kin.keys()]);
  const strangers = [...new Set(tasks)].filter((task) => !known.has(task));
  if (strangers.length === 0) return withKin(model, kin);
  return withKin(model, new Map([...kinByDescriptors(described, trained, strangers, descriptors), ...kin]));
}

/** The model's nodes, and one more for each task that is a weighted sum of them. */
function withKin(model: LinearModel, kin: KinShares): NodeWeights {
  const names = [...nodeNames(model)];
  const nodes = new Map(names.map((name, node) => [name, node]));
  const { outputs } = lossOf(model.loss);
  const width = outputs * model.features.length;
  const fresh = [...kin.keys()].filter((task) => !nodes.has(task));
  const weights = new Float64Array((names.length + fresh.length) * width);
  const intercepts = new Float64Array((names.length + fresh.length) * outputs);
  weights.set(model.weights);
  intercepts.set(model.intercepts);
  for (const [index, task] of fresh.entries()) {
    const at = names.length + index;
    for (const [relative, share] of kin.get(task)!) {
      const node = nodes.get(relative);
      if (node === undefined || !Number.isFinite(share)) {
        throw new InputError(
          `predict: the kin of task "${task}" hold "${relative}" with the share ${share}; ` +
            (node === undefined ? "the model does not know it" : "it must be a finite number"),
        );
      }
      for (let k = 0; k < width; k++) weights[at * width + k]! += share * weights[node * width + k]!;
      for (let c = 0; c < outputs; c++) intercepts[at * outputs + c]! += share * intercepts[node * outputs + c]!;
    }
  }
  return { names: [...names, ...fresh], weights, intercepts };
}
