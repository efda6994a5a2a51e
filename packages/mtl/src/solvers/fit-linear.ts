import type { Pipeline } from "../data/pipeline.js";
import { InputError } from "../errors.js";
import { planForest } from "../linear/forest.js";
import { interpolateLatent } from "../linear/latent.js";
import type { InterceptMode, LinearModel } from "../linear/model.js";
import type { Loss } from "../losses/loss.js";
import { describeLoss } from "../losses/saved.js";
import { squared } from "../losses/squared.js";
import type { AnyRegularizer } from "../regularizers/regularizer.js";
import { type Kinship, precisionGraph } from "../relations/kinship.js";
import { freshName } from "../relations/mean.js";
import type { Tolerances } from "./certificate.js";
import { createEngine, type EngineSolution, type InterceptChoice } from "./engine.js";
import { type LabelledTask, type Problem, problemOf } from "./problem.js";

export const defaultTolerance = 1e-7;
export const defaultIterations = 20_000;

export interface LinearProblemOptions {
  readonly tasks: readonly LabelledTask[];
  /** `squared()` unless given. */
  readonly loss?: Loss;
  readonly regularizer: AnyRegularizer;
  /** "free" unless given; "coupled" needs `kNorm` or `ridge`. */
  readonly intercept?: InterceptMode;
  /** λ_b ≥ 0: of coupled intercepts, `lambda` unless given; of free ones, in (λ_b/2) Σ b², 0 unless given. */
  readonly lambdaIntercept?: number;
}

export interface FitLinearOptions extends LinearProblemOptions, Tolerances {
  /** λ ≥ 0, which multiplies the regularizer. */
  readonly lambda: number;
  /** Names of the columns of x; x1, x2, … unless given. */
  readonly features?: readonly string[];
  /** How the cells of a table became x and y: kept with the model. */
  readonly pipeline?: Pipeline;
  /** Told what to do if the fit did not converge, beside `certificate.remedy`. */
  readonly onWarning?: (message: string) => void;
  readonly onIteration?: (iteration: number, objective: number) => void;
}

/**
 * The minimiser of Σ_t Σ_i α_t s_i ℓ(⟨w_t, x_i⟩ + b_t, y_i) + λ Ω(W), in float64, with a certificate.
 * @throws InputError for bad data (see `LabelledTask`), a λ or tolerance that is negative or not finite, a regularizer that
 * does not suit the tasks, and free intercepts without a minimum (labels of one class).
 */
export function fitLinear(options: FitLinearOptions): LinearModel {
  const { lambda, tolerance = defaultTolerance, maxIterations = defaultIterations } = options;
  requireSolvable(lambda, tolerance, maxIterations, "fitLinear");
  const problem = problemOf(options.tasks, options.loss ?? squared(), "fitLinear");
  const engine = createEngine(problem, options.regularizer, interceptOf(options, "fitLinear"), "fitLinear");
  const solution = engine.solve({ lambda, tolerance, maxIterations, onIteration: options.onIteration });
  const { residual, remedy } = solution.certificate;
  if (!Number.isFinite(solution.objective) || !Number.isFinite(residual)) {
    throw new InputError("fitLinear: the fit overflows float64; rescale features and targets to about 1");
  }
  if (remedy !== null) options.onWarning?.(`fitLinear: ${remedy}`);
  return modelOf(problem, solution, options, lambda);
}

export function requireSolvable(lambda: number, tolerance: number, maxIterations: number, caller: string): void {
  if (!(lambda >= 0 && Number.isFinite(lambda))) {
    throw new InputError(`${caller}: lambda must be a finite number ≥ 0, not ${lambda}`);
  }
  if (!(tolerance > 0 && Number.isFinite(tolerance))) {
    throw new InputError(`${caller}: tolerance must be a finite number > 0, not ${tolerance}`);
  }
  if (!(Number.isInteger(maxIterations) && maxIterations > 0)) {
    throw new InputError(`${caller}: maxIterations must be a whole number > 0, not ${maxIterations}`);
  }
}

export function interceptOf(
  { intercept = "free", lambdaIntercept }: LinearProblemOptions,
  caller: string,
): InterceptChoice {
  if (lambdaIntercept !== undefined && !(lambdaIntercept >= 0 && Number.isFinite(lambdaIntercept))) {
    throw new InputError(`${caller}: lambdaIntercept must be a finite number ≥ 0, not ${lambdaIntercept}`);
  }
  return { mode: intercept, lambda: lambdaIntercept ?? null };
}

export function modelOf(
  problem: Problem,
  solution: EngineSolution,
  options: LinearProblemOptions & Pick<FitLinearOptions, "features" | "pipeline">,
  lambda: number,
): LinearModel {
  const { names, features: count, blocks, outputs } = problem;
  const features = options.features ?? options.pipeline?.names ?? Array.from({ length: count }, (_, k) => `x${k + 1}`);
  if (features.length !== count) throw new InputError(`fitLinear: ${features.length} names for ${count} features`);
  const { regularizer, intercept = "free", lambdaIntercept } = options;
  const kinship = kinshipOf(regularizer, names);
  const nodes = kinship.precision.size;
  const width = outputs * count;
  const weights = new Float64Array(nodes * width);
  weights.set(solution.weights);
  const intercepts = new Float64Array(nodes * outputs);
  intercepts.set(solution.intercepts);
  const forest = nodes > names.length ? planForest(kinship.precision) : null;
  if (forest !== null) {
    for (let k = 0; k < width; k++) interpolateLatent(kinship.precision, forest, names.length, width, k, weights);
    for (let c = 0; c < outputs; c++)
      interpolateLatent(kinship.precision, forest, names.length, outputs, c, intercepts);
  }
  return {
    method: "regularized",
    loss: describeLoss(blocks[0]!.loss),
    regularizer: { name: regularizer.name, parameters: regularizer.parameters },
    features,
    kinship,
    intercept,
    lambda,
    lambdaIntercept: intercept === "none" ? 0 : (lambdaIntercept ?? (intercept === "coupled" ? lambda : 0)),
    weights,
    intercepts,
    parts: solution.parts,
    objective: solution.objective,
    certificate: solution.certificate,
    pipeline: options.pipeline ?? null,
  };
}

/** Where no kinship was penalised, an unseen task is predicted by the mean of the tasks: a star around it says so. */
function kinshipOf(regularizer: AnyRegularizer, names: readonly string[]): Kinship {
  if (regularizer.kind === "single" && regularizer.kinship !== undefined) return regularizer.kinship(names);
  const count = names.length;
  const mean = freshName("mean", names);
  const diagonal = new Float64Array(count + 1).fill(1);
  diagonal[count] = count;
  const edges = names.map((_, task) => [task, count, -1] as const);
  return {
    kind: "mean of tasks",
    tasks: names,
    latent: [mean],
    precision: precisionGraph(diagonal, edges),
    root: mean,
  };
}
