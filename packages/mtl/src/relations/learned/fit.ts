import type { Pipeline } from "../../data/pipeline.js";
import { InputError } from "../../errors.js";
import { moderateDesignOf } from "../../linear/design.js";
import { type FitOptions, featureNamesOf, requirePenalty, singularError } from "../../linear/fit.js";
import { type Grams, gramsByFold, requireFiniteGrams } from "../../linear/grams.js";
import type { InterceptMode, LinearModel } from "../../linear/model.js";
import { breather, type RunControl } from "../../linear/run-control.js";
import { splitWeights } from "../../linear/weights.js";
import { describeLoss } from "../../losses/saved.js";
import { squared } from "../../losses/squared.js";
import type { Kinship } from "../kinship.js";
import { createExchange, type Exchange, type Round } from "./exchange.js";
import { type LearnedRelations, learnedRelations } from "./kinship.js";

export interface LearnedOptions {
  /** ρ: the part of the penalty that stays with the prior kinship, in [0, 1]; 0 unless given, 1 learns nothing. */
  readonly share?: number;
  /** √ε: directions in which the weights are smaller are not told apart; a thousandth of their size unless given. */
  readonly smoothing?: number;
  /** Rounds end where ‖∇L‖ is at most this part of its terms; 1e-6 unless given. */
  readonly tolerance?: number;
  /** At most so many rounds; 500 unless given. */
  readonly rounds?: number;
}

/** `kinship` is the prior K₀. */
export interface FitLearnedOptions extends FitOptions, LearnedOptions, RunControl {}

export interface LearnedFit extends LearnedRelations {
  /** Its kinship is the learned one: `fitKNorm` with it, and the same λ, has the same minimiser. */
  readonly model: LinearModel;
  /** The objective never rises from one round to the next. */
  readonly rounds: readonly Round[];
}

/**
 * Multi-task relationship learning: tasks and their relations together (Zhang & Yeung, A convex formulation for learning
 * task relationships, UAI 2010, equation 5), from a prior kinship K₀ on:
 *
 *   Σ_t α_t ‖X_t w_t + b_t − y_t‖² + (λ/2) [(1 − ρ) min_Ω tr(K₀^½ Ω⁻¹ K₀^½ WᵀW) + ρ tr(W K₀ Wᵀ)], tr Ω = T
 *
 * (with ε in Ω's place where it is singular). K₀ = I is theirs, with Ω = (WᵀW)^½ T/tr(WᵀW)^½ and ρ their second penalty;
 * K₀ from `meanKinship` relates deviations from the mean. The minimum over Ω is ‖W K₀^½‖_*²/T, and so is that of
 * tr(D⁻¹ W K₀ Wᵀ) over covariances D of the features: rounds alternate in D, where tasks stay as sparsely tied as in
 * K₀, and Ω is written out at the end. Convex; coupled intercepts are tied by K₀.
 * @throws InputError for what `fitKNorm` refuses, and a share outside [0, 1].
 */
export async function fitLearned(options: FitLearnedOptions): Promise<LearnedFit> {
  const { lambda, intercept = "coupled", lambdaIntercept = lambda } = options;
  requirePenalty(lambda, "lambda", "fitLearned");
  requirePenalty(lambdaIntercept, "lambdaIntercept", "fitLearned");
  const design = moderateDesignOf(options.tasks, "fitLearned");
  const [grams] = gramsByFold(design, intercept !== "none", 1, []);
  return fitLearnedGrams(
    {
      grams: grams!,
      kinship: options.kinship(design.names),
      features: featureNamesOf(options.features, design.features, "fitLearned"),
      intercept,
      lambda,
      lambdaIntercept: intercept === "coupled" ? lambdaIntercept : 0,
      pipeline: null,
    },
    options,
  );
}

export interface LearnedGramFit {
  readonly grams: Grams;
  readonly kinship: Kinship;
  readonly features: readonly string[];
  readonly intercept: InterceptMode;
  readonly lambda: number;
  readonly lambdaIntercept: number;
  readonly pipeline: Pipeline | null;
}

export async function fitLearnedGrams(fit: LearnedGramFit, options: LearnedOptions & RunControl): Promise<LearnedFit> {
  const { grams, kinship, features, intercept, lambda, lambdaIntercept, pipeline } = fit;
  const { share, smoothing, tolerance, rounds: most } = learnedSettings(options);
  requireFiniteGrams(grams, kinship.tasks);
  const slopes = features.length;
  const exchange = createExchange({ grams, graph: kinship.precision, slopes });
  const steps = exchange({ lambda, lambdaIntercept, share, smoothing, tolerance, rounds: most });
  const breathe = breather("relations", options);
  let result: Exchange | undefined;
  for (let round = 1; result === undefined; round++) {
    const { done, value } = steps.next();
    if (done) result = value;
    else await breathe(Math.min(round, most), most);
  }
  if (result.failed >= 0) throw singularError(result.failed, { method: "learned", ...fit });
  const { weights, metric, rounds } = result;
  const { objective, residual } = rounds.at(-1)!;
  if (!Number.isFinite(objective)) {
    throw new InputError("fitLearned: the fit overflows float64; rescale features and targets to about 1");
  }
  const relations = learnedRelations(kinship, weights, grams.width, metric, result.smoothing, share);
  const converged = residual <= tolerance;
  const model: LinearModel = {
    method: "learned",
    loss: describeLoss(squared()),
    regularizer: { name: "learned", parameters: { share, smoothing: Math.sqrt(result.smoothing) } },
    features,
    kinship: relations.kinship,
    intercept,
    lambda,
    lambdaIntercept,
    ...splitWeights(weights, kinship.precision.size, grams.width, slopes),
    parts: [],
    objective,
    certificate: {
      measure: "backward error",
      residual,
      iterations: rounds.length,
      converged,
      solver: "alternating",
      remedy: converged ? null : "allow more rounds, or a larger smoothing",
    },
    pipeline,
  };
  return { ...relations, model, rounds };
}

export function learnedSettings({ share = 0, smoothing, tolerance = 1e-6, rounds = 500 }: LearnedOptions) {
  if (!(share >= 0 && share <= 1)) throw new InputError(`fitLearned: share must lie in [0, 1], not ${share}`);
  if (smoothing !== undefined && !(smoothing > 0 && Number.isFinite(smoothing))) {
    throw new InputError(`fitLearned: smoothing must be a finite number > 0, not ${smoothing}`);
  }
  if (!(tolerance > 0)) throw new InputError(`fitLearned: tolerance must be > 0, not ${tolerance}`);
  if (!Number.isInteger(rounds) || rounds < 1) {
    throw new InputError(`fitLearned: rounds must be a whole number ≥ 1, not ${rounds}`);
  }
  return { share, tolerance, rounds, smoothing: smoothing === undefined ? null : smoothing ** 2 };
}
