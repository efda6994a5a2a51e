import { InputError } from "../errors.js";
import { lossOf } from "../losses/saved.js";
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

/** The model's nodes, and one more for each task that is a weighted sum of them. */
export function withKin(model: LinearModel, kin: KinShares): NodeWeights {
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
