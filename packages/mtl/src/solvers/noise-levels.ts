import { matrixOf, vectorOf } from "../data/arrays.js";
import { InputError } from "../errors.js";
import type { LinearModel } from "../linear/model.js";
import { predictTask } from "../linear/predict.js";
import type { LabelledTask } from "./problem.js";

export interface NoiseLevelsOptions {
  readonly tasks: readonly LabelledTask[];
  /** Fits tasks with the weights they have, by squared errors, and the same penalty each time. */
  readonly fit: (tasks: readonly LabelledTask[]) => LinearModel;
  /** ν > 0: with how many rows of the common noise a task's own is averaged; 4 unless given. */
  readonly priorRows?: number;
  /** The change of ln α_t at which rounds end; 1e-6 unless given. */
  readonly tolerance?: number;
  /** At most; 200 unless given. */
  readonly rounds?: number;
}

export interface NoiseLevels {
  /** Fitted with the weights below. */
  readonly model: LinearModel;
  /** α_t, beside the weight that a task was given: s²/σ_t², in the order of the tasks. */
  readonly weights: Float64Array;
  /** σ_t, the standard deviation of the noise of a row of weight 1, in units of the target. */
  readonly deviations: Float64Array;
  /** The joint objective after each fit: it never rises but by rounding. */
  readonly objectives: readonly number[];
  readonly converged: boolean;
  /** What to do where it did not converge; null where it did. */
  readonly remedy: string | null;
}

/**
 * Task weights learned by noise level (Kendall, Gal & Cipolla, Multi-task learning using uncertainty, 2018, equation 7, with
 * a prior): with s² the mean squared residual of the fit of equal weights, the minimum over W and α of
 *
 *   L(W; α) + s² Σ_t (ν α_t − (n_t + ν) ln α_t),
 *
 * which is the joint posterior of weights and noise, σ_t² = s²/α_t, under the inverse gamma prior of ν rows. Rounds fit
 * the tasks, then α_t = s² (n_t + ν)/(RSS_t + ν s²). The prior keeps a task that is fitted exactly from an infinite weight.
 * @throws InputError for another loss than the squared one, and an option that is not > 0
 */
export function fitNoiseLevels(options: NoiseLevelsOptions): NoiseLevels {
  const { tasks, fit, priorRows = 4, tolerance = 1e-6, rounds = 200 } = options;
  for (const [name, value] of Object.entries({ priorRows, tolerance, rounds })) {
    if (!(value > 0 && Number.isFinite(value))) {
      throw new InputError(`fitNoiseLevels: ${name} must be a finite number > 0, not ${value}`);
    }
  }
  const weights = new Float64Array(tasks.length).fill(1);
  const weighted = () => tasks.map((task, t) => ({ ...task, weight: (task.weight ?? 1) * weights[t]! }));
  let model = fit(weighted());
  if (model.loss.name !== "squared") {
    throw new InputError(`fitNoiseLevels: the fit must be of squared errors, not of the ${model.loss.name} loss`);
  }
  const rows = tasks.map(rowsOf);
  let residuals = tasks.map((task) => residualSquares(model, task));
  const total = (of: readonly number[]) => of.reduce((sum, value) => sum + value, 0);
  const common = total(residuals) / total(rows);
  const objectives: number[] = [];
  let converged = common === 0;
  for (let round = 0; round < rounds; round++) {
    const prior = weights.reduce((sum, a, t) => sum + priorRows * a - (rows[t]! + priorRows) * Math.log(a), 0);
    objectives.push(model.objective + common * prior);
    if (converged) break;
    let change = 0;
    for (let t = 0; t < tasks.length; t++) {
      const next = (common * (rows[t]! + priorRows)) / (residuals[t]! + priorRows * common);
      change = Math.max(change, Math.abs(Math.log(next / weights[t]!)));
      weights[t] = next;
    }
    model = fit(weighted());
    residuals = tasks.map((task) => residualSquares(model, task));
    converged = change <= tolerance;
  }
  return {
    ...{ model, weights, objectives, converged },
    deviations: weights.map((a) => Math.sqrt(common / a)),
    remedy: converged ? null : "allow more rounds, or a larger tolerance or priorRows",
  };
}

/** How many rows of a task count. */
function rowsOf({ y, sampleWeights }: LabelledTask): number {
  const labels = vectorOf(y, "y");
  const own = sampleWeights === undefined ? null : vectorOf(sampleWeights, "sampleWeights");
  return labels.reduce((sum, label, i) => sum + Number(!Number.isNaN(label) && own?.[i] !== 0), 0);
}

/** Σ_i weight s_i (ŷ_i − y_i)² with the weight that the task was given. */
function residualSquares(model: LinearModel, { name, x, y, weight = 1, sampleWeights }: LabelledTask): number {
  const { data, rows, columns } = matrixOf(x, "x");
  const predicted = predictTask(model, name, { data, shape: [rows, columns], stride: [columns, 1], offset: 0 });
  const own = sampleWeights === undefined ? null : vectorOf(sampleWeights, "sampleWeights");
  return vectorOf(y, "y").reduce((sum, label, i) => {
    return Number.isNaN(label) ? sum : sum + weight * (own?.[i] ?? 1) * (predicted[i]! - label) ** 2;
  }, 0);
}
