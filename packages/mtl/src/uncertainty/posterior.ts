import { dot } from "../algebra/dot.js";
import { matrixOf } from "../data/arrays.js";
import type { MatrixLike, Task } from "../data/tasks.js";
import type { Interval } from "../deep/student.js";
import { InputError } from "../errors.js";
import { chooseSolver } from "../linear/choose-solver.js";
import { type Design, designOf } from "../linear/design.js";
import { gramsByFold } from "../linear/grams.js";
import type { LinearModel } from "../linear/model.js";
import { predictTask } from "../linear/predict.js";
import { lossOf } from "../linear/system.js";
import { intervalQuantile } from "./quantile.js";

export interface PosteriorOptions {
  readonly model: LinearModel;
  /** What the model was fitted on. */
  readonly tasks: readonly Task[];
  /** σ², the variance of one row's noise where α = 1; estimated unless given. */
  readonly noise?: number;
}

export interface IntervalOptions {
  /** .95 unless given. */
  readonly confidence?: number;
}

export interface PredictionIntervalOptions extends IntervalOptions {
  /** "mean": of the expected target; "row": of one new target, its noise included. "row" unless given. */
  readonly of?: "mean" | "row";
}

export interface LinearPosterior {
  readonly noise: number;
  /** tr(S) for the smoother ŷ = S y: how many parameters the data settle. */
  readonly degreesOfFreedom: number;
  /** One a feature of the task, and behind them the intercept, if there is one. */
  coefficients(task: string, options?: IntervalOptions): readonly Interval[];
  /** One a row of x, [n, features]. */
  predictions(task: string, x: MatrixLike, options?: PredictionIntervalOptions): readonly Interval[];
}

/**
 * The Gaussian posterior of a quadratic fit: with noise N(0, σ²/α_t) and the prior exp(−λ tr(W K Wᵀ)/4σ²), the weights
 * are N(Ŵ, σ² H⁻¹), H = blockdiag(α XᵀX) + (λ/2) P (Rasmussen & Williams, Gaussian Processes for Machine Learning, 2006,
 * section 2.1.1). σ² is estimated by RSS/(n − tr S), which is unbiased under that prior, and intervals are Student's. λ
 * and K are taken for known: where they were chosen or learned, intervals are somewhat too narrow.
 *
 * Costs one solve of the system for each coefficient.
 * @throws InputError for a model that is not a K-norm's, tasks that are not the model's, and no row left to estimate
 * the noise by
 */
export function linearPosterior({ model, tasks, noise: given }: PosteriorOptions): LinearPosterior {
  const { kinship, intercept, lambda, lambdaIntercept } = model;
  const design = designOf(tasks, "linearPosterior");
  requireFitted(model, design);
  const { names, features: width, y, taskWeights } = design;
  const [grams] = gramsByFold(design, intercept !== "none", 1, []);
  const block = grams!.width;
  const solver = chooseSolver(grams!, kinship.precision, width);
  if (solver.factor(lambda / 2, lambdaIntercept / 2) >= 0) {
    throw new InputError("linearPosterior: the data leave a combination of weights undetermined; raise λ");
  }
  const size = kinship.precision.size * block;
  const weights = new Float64Array(size);
  for (let node = 0; node < kinship.precision.size; node++) {
    weights.set(model.weights.subarray(node * width, (node + 1) * width), node * block);
    if (block > width) weights[node * block + width] = model.intercepts[node]!;
  }
  const covariances = new Map<number, Float64Array>();
  /** The task's block of H⁻¹. */
  const inverseBlock = (task: number): Float64Array => {
    const known = covariances.get(task);
    if (known !== undefined) return known;
    const out = new Float64Array(block * block);
    const right = new Float64Array(size);
    const solution = new Float64Array(size);
    for (let i = 0; i < block; i++) {
      right.fill(0);
      right[task * block + i] = 1;
      solver.solve(right, solution);
      for (let j = 0; j < block; j++) out[i * block + j] = solution[task * block + j]!;
    }
    covariances.set(task, out);
    return out;
  };
  let degreesOfFreedom = 0;
  for (let task = 0; task < names.length; task++) {
    degreesOfFreedom += dot(inverseBlock(task), 0, grams!.matrices, task * block * block, block * block);
  }
  const left = y.length - degreesOfFreedom;
  if (given !== undefined && !(given > 0 && Number.isFinite(given))) {
    throw new InputError(`linearPosterior: noise must be a finite number > 0, not ${given}`);
  }
  if (given === undefined && !(left > 1e-6 * y.length)) {
    throw new InputError(
      `linearPosterior: the fit spends ${degreesOfFreedom.toFixed(2)} degrees of freedom on ${y.length} rows, and none is left to estimate the noise by; give the noise, or raise λ`,
    );
  }
  const noise = given ?? lossOf(grams!, weights) / left;
  const indices = new Map(names.map((name, task) => [name, task]));
  const taskOf = (name: string) => {
    const task = indices.get(name);
    if (task === undefined) throw new InputError(`linearPosterior: the model was not fitted on task "${name}"`);
    return task;
  };
  const quantiles = new Map<number, number>();
  const quantileOf = (confidence: number) => {
    if (!(confidence > 0 && confidence < 1)) {
      throw new InputError(`linearPosterior: confidence must lie between 0 and 1, not ${confidence}`);
    }
    const known = quantiles.get(confidence);
    if (known !== undefined) return known;
    const degrees = given === undefined ? Math.max(1, left) : Number.POSITIVE_INFINITY;
    const quantile = intervalQuantile(confidence, degrees);
    quantiles.set(confidence, quantile);
    return quantile;
  };
  const around = (mean: number, variance: number, quantile: number): Interval => {
    const half = quantile * Math.sqrt(Math.max(0, variance));
    return { mean, low: mean - half, high: mean + half };
  };
  return {
    noise,
    degreesOfFreedom,
    coefficients(name, { confidence = 0.95 } = {}) {
      const task = taskOf(name);
      const quantile = quantileOf(confidence);
      const inverse = inverseBlock(task);
      return Array.from({ length: block }, (_, i) =>
        around(weights[task * block + i]!, noise * inverse[i * block + i]!, quantile),
      );
    },
    predictions(name, x, { confidence = 0.95, of = "row" } = {}) {
      const task = taskOf(name);
      const quantile = quantileOf(confidence);
      const inverse = inverseBlock(task);
      const { data, rows } = matrixOf(x, "linearPosterior: x");
      const predicted = predictTask(model, name, x);
      const point = new Float64Array(block).fill(1);
      return Array.from({ length: rows }, (_, row) => {
        point.set(data.subarray(row * width, (row + 1) * width));
        let variance = of === "row" ? 1 / taskWeights[task]! : 0;
        for (let i = 0; i < block; i++) variance += point[i]! * dot(inverse, i * block, point, 0, block);
        return around(predicted[row]!, noise * variance, quantile);
      });
    },
  };
}

function requireFitted({ method, kinship, features }: LinearModel, { names, features: width }: Design): void {
  if (method !== "k-norm" && method !== "single-task" && method !== "learned") {
    throw new InputError(`linearPosterior: expected a model of fitKNorm or fitLearned, found a ${method} one`);
  }
  const same = names.length === kinship.tasks.length && names.every((name, task) => name === kinship.tasks[task]);
  if (same && width === features.length) return;
  throw new InputError("linearPosterior: tasks must be those that the model was fitted on, in their order");
}
