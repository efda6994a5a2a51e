import type { Pipeline } from "../data/pipeline.js";
import type { Task } from "../data/tasks.js";
import { InputError } from "../errors.js";
import { describeLoss } from "../losses/saved.js";
import { squared } from "../losses/squared.js";
import type { Kinship, KinshipBuilder } from "../relations/kinship.js";
import { chooseSolver } from "./choose-solver.js";
import { designOf } from "./design.js";
import { planForest } from "./forest.js";
import { type Grams, gramsByFold, requireFiniteGrams } from "./grams.js";
import { interpolateLatent } from "./latent.js";
import type { InterceptMode, LinearModel } from "./model.js";
import { refine } from "./refine.js";
import { createSystem, objectiveOf } from "./system.js";
import { splitWeights } from "./weights.js";

export interface FitOptions {
  readonly tasks: readonly Task[];
  readonly kinship: KinshipBuilder;
  /** λ of the slopes, ≥ 0. */
  readonly lambda: number;
  /** "coupled" unless given. */
  readonly intercept?: InterceptMode;
  /** λ of coupled intercepts; `lambda` unless given. */
  readonly lambdaIntercept?: number;
  /** Names of the columns of x; x1, x2, … unless given. */
  readonly features?: readonly string[];
}

/**
 * The minimiser of Σ_t α_t ‖X_t w_t + b_t − y_t‖² + (λ/2) Σ_ij K_ij ⟨w_i, w_j⟩ + (λ_b/2) Σ_ij K_ij b_i b_j,
 * in float64, with a certificate.
 * @throws InputError for bad data (see `Task`), a negative or infinite λ, a K that does not suit the tasks, and an
 * objective without a unique minimum.
 */
export function fitKNorm(options: FitOptions): LinearModel {
  const { tasks, kinship, lambda, intercept = "coupled", lambdaIntercept = lambda } = options;
  requirePenalty(lambda, "lambda", "fitKNorm");
  requirePenalty(lambdaIntercept, "lambdaIntercept", "fitKNorm");
  const design = designOf(tasks, "fitKNorm");
  const [grams] = gramsByFold(design, intercept !== "none", 1, []);
  const features = featureNamesOf(options.features, design.features, "fitKNorm");
  return fitGrams({
    method: "k-norm",
    grams: grams!,
    kinship: kinship(design.names),
    features,
    intercept,
    lambda,
    lambdaIntercept: intercept === "coupled" ? lambdaIntercept : 0,
    pipeline: null,
  });
}

export function requirePenalty(value: number, name: string, caller: string): void {
  if (!(value >= 0 && Number.isFinite(value))) {
    throw new InputError(`${caller}: ${name} must be a finite number ≥ 0, not ${value}`);
  }
}

/** x1, x2, … unless given. */
export function featureNamesOf(given: readonly string[] | undefined, count: number, caller: string): readonly string[] {
  const names = given ?? Array.from({ length: count }, (_, k) => `x${k + 1}`);
  if (names.length !== count) throw new InputError(`${caller}: ${names.length} names for ${count} features`);
  return names;
}

export interface GramFit {
  readonly method: LinearModel["method"];
  readonly grams: Grams;
  readonly kinship: Kinship;
  readonly features: readonly string[];
  readonly intercept: InterceptMode;
  readonly lambda: number;
  readonly lambdaIntercept: number;
  readonly pipeline: Pipeline | null;
}

export function fitGrams(fit: GramFit): LinearModel {
  const { method, grams, kinship, features, intercept, lambda, lambdaIntercept, pipeline } = fit;
  const graph = kinship.precision;
  const slopes = features.length;
  const { width, tasks } = grams;
  requireFiniteGrams(grams, [...kinship.tasks, ...kinship.latent]);
  const penalties = new Float64Array(width).fill(lambda / 2, 0, slopes);
  if (width > slopes) penalties[slopes] = lambdaIntercept / 2;
  const solver = chooseSolver(grams, graph, slopes);
  const failed = solver.factor(lambda / 2, lambdaIntercept / 2);
  if (failed >= 0) throw singularError(failed, fit);
  const system = createSystem(grams, graph, penalties);
  const { weights, residual, iterations } = refine(system, solver);
  const objective = objectiveOf(system, weights);
  if (!Number.isFinite(objective)) {
    throw new InputError("fitKNorm: the fit overflows float64; rescale features and targets to about 1");
  }
  const forest = graph.size > tasks ? planForest(graph) : null;
  if (forest !== null) {
    for (let i = 0; i < width; i++) {
      if (penalties[i] === 0) interpolateLatent(graph, forest, tasks, width, i, weights);
    }
  }
  const converged = residual <= 1e-8;
  return {
    method,
    loss: describeLoss(squared()),
    regularizer: { name: "k-norm", parameters: {} },
    features,
    kinship,
    intercept,
    lambda,
    lambdaIntercept,
    ...splitWeights(weights, graph.size, width, slopes),
    parts: [],
    objective,
    certificate: {
      measure: "backward error",
      residual,
      iterations,
      converged,
      solver: solver.name,
      remedy: converged ? null : "standardise features, drop collinear ones, or raise λ",
    },
    pipeline,
  };
}

export function singularError(node: number, { kinship, lambda, lambdaIntercept, intercept }: GramFit): InputError {
  const name = [...kinship.tasks, ...kinship.latent][node];
  const penalties = intercept === "coupled" ? `λ = ${lambda}, λ_intercept = ${lambdaIntercept}` : `λ = ${lambda}`;
  return new InputError(
    `fitKNorm: the objective has no unique minimum, the data and the ${kinship.kind} kinship leave a combination of ` +
      `weights undetermined (met at "${name}", ${penalties}); raise λ, drop constant or collinear features, ` +
      `or give the kinship some shrinkage`,
  );
}
