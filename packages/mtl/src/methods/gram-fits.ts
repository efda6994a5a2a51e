import type { Validation } from "../evaluate/validation.js";
import { validationOfSquares } from "../evaluate/validation.js";
import { moderateDesignOf } from "../linear/design.js";
import { fitGrams } from "../linear/fit.js";
import { drawFolds, type Fold, foldProblem } from "../linear/folds.js";
import { type Grams, gramsByFold, poolGrams } from "../linear/grams.js";
import type { InterceptMode, LinearModel } from "../linear/model.js";
import { breather } from "../linear/run-control.js";
import { penaltyScale, searchPenalties } from "../linear/search.js";
import { identityKinship } from "../relations/identity.js";
import type { Kinship } from "../relations/kinship.js";
import { searchLearned } from "../relations/learned/cross-validate.js";
import { fitLearnedGrams } from "../relations/learned/fit.js";
import { pooledKinship } from "../relations/pooled.js";
import type { MethodRun } from "./run.js";
import type { MethodName } from "./table.js";

/** A method that needs nothing of the data but Gram matrices: squared errors with the K-norm, or learned relations. */
export interface GramFits {
  readonly folds: readonly Fold[];
  readonly total: Grams;
}

export function gramFits({ tasks, folds, repeats, seed, keepSingles }: MethodRun): GramFits {
  const design = moderateDesignOf(tasks, "compareModels");
  const [total] = gramsByFold(design, true, 1, []);
  return { folds: drawFolds(design, true, folds, repeats, seed, keepSingles), total: total! };
}

export interface MethodFit {
  readonly validation: Validation;
  readonly model: LinearModel;
  readonly refit: (lambda: number) => Promise<LinearModel>;
}

/** The intercepts of the baselines are free. */
export async function fitByGrams(
  name: Extract<MethodName, "single-task" | "pooled" | "k-norm">,
  grams: GramFits,
  run: MethodRun,
  intercept: Exclude<InterceptMode, "none">,
): Promise<MethodFit> {
  const names = run.tasks.map((task) => task.name);
  const same = (of: Grams) => of;
  if (name === "single-task") return fitOne(run, grams, name, identityKinship()(names), "free", same, (task) => task);
  if (name === "pooled") return fitOne(run, grams, name, pooledKinship()(names), "free", poolGrams, () => 0);
  return fitOne(run, grams, name, run.settings.kinship(names), intercept, same, (task) => task);
}

async function fitOne(
  { pipeline, control }: MethodRun,
  { folds, total }: GramFits,
  method: LinearModel["method"],
  kinship: Kinship,
  intercept: InterceptMode,
  transform: (grams: Grams) => Grams,
  nodeOf: (task: number) => number,
): Promise<MethodFit> {
  const grams = transform(total);
  const scale = penaltyScale(grams, pipeline.names.length);
  const problems = folds.map((fold) => foldProblem(fold, kinship.precision, transform, nodeOf));
  const breathe = breather(`cross-validation, ${method}`, control);
  const validation = await searchPenalties(problems, { scale, intercept }, breathe);
  const features = pipeline.names;
  const { lambdaIntercept } = validation;
  const fit = (lambda: number) =>
    fitGrams({ method, grams, kinship, features, intercept, lambda, lambdaIntercept, pipeline });
  return {
    validation: validationOfSquares(validation),
    model: fit(validation.lambda),
    refit: async (lambda) => fit(lambda),
  };
}

/** The prior is the kinship of the settings. */
export async function fitRelations(
  { pipeline, control, settings, tasks }: MethodRun,
  { folds, total }: GramFits,
  intercept: InterceptMode,
): Promise<MethodFit> {
  const features = pipeline.names;
  const kinship = settings.kinship(tasks.map((task) => task.name));
  const search = { folds, total, kinship, intercept, slopes: features.length };
  const validation = await searchLearned(search, {}, breather("cross-validation, learned", control));
  const { lambdaIntercept } = validation;
  const fit = async (lambda: number, tolerance: number) => {
    const problem = { grams: total, kinship, features, intercept, lambda, lambdaIntercept, pipeline };
    return (await fitLearnedGrams(problem, { ...control, tolerance })).model;
  };
  return {
    validation: validationOfSquares(validation),
    model: await fit(validation.lambda, 1e-6),
    refit: (lambda) => fit(lambda, 1e-3),
  };
}
