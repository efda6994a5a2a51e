import type { Structured } from "@kinship/autodiff";
import { mapLeaves, neg } from "@kinship/tensor";
import { InputError } from "../errors.js";
import { stepEffects } from "./step-effects.js";
import { type TaskLosses, taskGradients } from "./task-gradients.js";

export interface Affinity {
  readonly losses: Float64Array;
  /** m × m: entry i·m + j is how much a unit of learning rate for task i lowers the loss of task j, in parts of it. */
  readonly affinity: Float64Array;
}

/**
 * How a step for one task changes the loss of each other one: −D L_j(W; −∇L_i)/L_j, one directional derivative for each
 * i gives the whole row. It is the limit of small steps of the lookahead affinity 1 − L_j(W − η∇L_i)/L_j, divided by η
 * (C. Fifty et al., NeurIPS 2021, equation 1). Positive: tasks help each other. `shared` picks out of a gradient what the
 * tasks share (default: all of it), with zeros elsewhere.
 * @example taskAffinity((w) => [sum(mul(w, w)), sum(w)])(tensor([1, 2]))
 */
export const taskAffinity =
  <Parameters extends Structured<Parameters>, Rest extends readonly unknown[]>(
    f: (parameters: Parameters, ...rest: Rest) => TaskLosses,
    shared: (gradient: Parameters) => Parameters = (gradient) => gradient,
  ) =>
  (parameters: Parameters, ...rest: Rest): Affinity => {
    const { losses, gradients } = taskGradients(f)(parameters, ...rest);
    const own = Float64Array.from(losses.toTypedArray());
    const effectsOf = stepEffects(f);
    const m = gradients.length;
    const affinity = new Float64Array(m * m);
    gradients.forEach((gradient, i) => {
      const step = mapLeaves("taskAffinity", shared(gradient), (leaf) => neg(leaf));
      const effects = effectsOf(parameters, step, ...rest).effects.toTypedArray();
      for (let j = 0; j < m; j++) affinity[i * m + j] = partOf(-effects[j]!, own[j]!);
    });
    return { losses: own, affinity };
  };

/**
 * The same matrix from what `train` records with `trackGradients`: as D L_j(W; −∇L_i) = −⟨∇L_j, ∇L_i⟩, entry i·m + j of
 * the Gramian over L_j.
 */
export function gramianAffinity(gramian: ArrayLike<number>, losses: ArrayLike<number>): Float64Array {
  const m = losses.length;
  if (gramian.length !== m * m)
    throw new InputError(`gramianAffinity: a Gramian of ${gramian.length} numbers for ${m} losses; expected ${m * m}`);
  return Float64Array.from(gramian, (product, k) => partOf(product, losses[k % m]!));
}

/** Where nothing changes that is 0, also of a loss that is 0: of a task that is done, or has no label in the batch. */
const partOf = (change: number, loss: number): number => (change === 0 ? 0 : change / loss);
