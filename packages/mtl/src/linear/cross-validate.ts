import type { Task } from "../data/tasks.js";
import { InputError } from "../errors.js";
import type { KinshipBuilder } from "../relations/kinship.js";
import { moderateDesignOf } from "./design.js";
import { defaultFolds, defaultRepeats, drawFolds, foldProblem } from "./folds.js";
import { gramsByFold } from "./grams.js";
import type { InterceptMode } from "./model.js";
import { breather, type RunControl } from "./run-control.js";
import { type PathPoint, penaltyScale, type SearchSpace, searchPenalties } from "./search.js";

export interface CrossValidation {
  readonly lambda: number;
  readonly lambdaIntercept: number;
  readonly mse: number;
  /** Every pair that was tried, by λ, then by the intercepts' λ. */
  readonly path: readonly PathPoint[];
  readonly folds: number;
}

export interface CrossValidateOptions extends RunControl {
  readonly tasks: readonly Task[];
  readonly kinship: KinshipBuilder;
  /** "coupled" unless given. */
  readonly intercept?: InterceptMode;
  /** Folds are drawn within tasks; 5, or 3 from 10,000 training rows on, unless given. */
  readonly folds?: number;
  /** How often the folds are drawn anew; from 1 for 10,000 training rows to 5 for 2,000 and fewer, unless given. */
  readonly repeats?: number;
  readonly seed?: number;
  /** Values to try; found from the data unless given. */
  readonly lambdas?: readonly number[];
  readonly lambdaIntercepts?: readonly number[];
}

/**
 * λ, and the λ of coupled intercepts, with the least squared error on rows held out, fold after fold.
 * @throws InputError for bad data or options, and if there are not two rows to tell apart.
 */
export async function crossValidate(options: CrossValidateOptions): Promise<CrossValidation> {
  const { tasks, kinship, intercept = "coupled", seed = 0 } = options;
  const design = moderateDesignOf(tasks, "crossValidate");
  const hasIntercept = intercept !== "none";
  const { precision } = kinship(design.names);
  const problems = drawFolds(
    design,
    hasIntercept,
    options.folds ?? defaultFolds(design),
    options.repeats ?? defaultRepeats(design),
    seed,
  ).map((fold) =>
    foldProblem(
      fold,
      precision,
      (grams) => grams,
      (task) => task,
    ),
  );
  const space: SearchSpace = {
    scale: penaltyScale(gramsByFold(design, hasIntercept, 1, [])[0]!, design.features),
    intercept,
    ...(options.lambdas && { lambdas: requirePositive(options.lambdas, "lambdas") }),
    ...(options.lambdaIntercepts && {
      lambdaIntercepts: requirePositive(options.lambdaIntercepts, "lambdaIntercepts"),
    }),
  };
  return searchPenalties(problems, space, breather("cross-validation", options));
}

function requirePositive(values: readonly number[], name: string): readonly number[] {
  if (values.length === 0 || values.some((value) => !(value > 0 && Number.isFinite(value)))) {
    throw new InputError(`crossValidate: ${name} must be finite numbers > 0, not [${values}]`);
  }
  return values;
}
