import type { CrossValidateOptions, CrossValidation } from "../../linear/cross-validate.js";
import { moderateDesignOf } from "../../linear/design.js";
import { defaultFolds, drawFolds, type Fold, foldProblem, heldOutError, holdAbsentTasks } from "../../linear/folds.js";
import { type Grams, gramsByFold } from "../../linear/grams.js";
import type { InterceptMode } from "../../linear/model.js";
import { type Breather, breather } from "../../linear/run-control.js";
import { type PathPoint, penaltyScale, requireFitted, searchPenalties } from "../../linear/search.js";
import type { Kinship } from "../kinship.js";
import { createExchange, type ExchangeState, toEnd } from "./exchange.js";
import { type LearnedOptions, learnedSettings } from "./fit.js";

export interface CrossValidateLearnedOptions
  extends Omit<CrossValidateOptions, "lambdas" | "lambdaIntercepts">,
    Pick<LearnedOptions, "share"> {}

/**
 * λ for `fitLearned` by cross-validation within the rows given. The intercepts' λ is taken from the K-norm with the
 * prior kinship, where it costs a solve.
 * @throws InputError as `crossValidate` does.
 */
export async function crossValidateLearned(options: CrossValidateLearnedOptions): Promise<CrossValidation> {
  const { tasks, kinship, intercept = "coupled", seed = 0, share } = options;
  const design = moderateDesignOf(tasks, "crossValidateLearned");
  const folds = drawFolds(
    design,
    intercept !== "none",
    options.folds ?? defaultFolds(design),
    options.repeats ?? 1,
    seed,
  );
  const [total] = gramsByFold(design, intercept !== "none", 1, []);
  const search = { folds, total: total!, kinship: kinship(design.names), intercept, slopes: design.features };
  return searchLearned(
    search,
    { ...(share !== undefined && { share }) },
    breather("cross-validation, learned", options),
  );
}

export interface LearnedSearch {
  readonly folds: readonly Fold[];
  readonly total: Grams;
  readonly kinship: Kinship;
  readonly intercept: InterceptMode;
  readonly slopes: number;
}

/** Half decades of the penalties' scale: downwards from where most are best or above, then upwards if none is better. */
const steps = { low: -2, first: 3, high: 6 };

/** Errors of a few rounds tell penalties apart. */
const rounds = 8;
const tolerance = 3e-3;

export async function searchLearned(
  { folds, total, kinship, intercept, slopes }: LearnedSearch,
  options: Pick<LearnedOptions, "share">,
  breathe: Breather,
): Promise<CrossValidation> {
  const { share } = learnedSettings(options);
  const graph = kinship.precision;
  const scale = penaltyScale(total, slopes);
  const lambdaIntercept = intercept === "coupled" ? await interceptPenalty() : 0;

  async function interceptPenalty(): Promise<number> {
    const problems = folds.map((fold) =>
      foldProblem(
        fold,
        graph,
        (grams) => grams,
        (task) => task,
      ),
    );
    const found = await searchPenalties(problems, { scale, intercept }, breathe);
    return found.lambdaIntercept;
  }

  for (const { train } of folds) holdAbsentTasks(train);
  const exchanges = folds.map(({ train: grams }) => createExchange({ grams, graph, slopes }));
  const states: (ExchangeState | null)[] = folds.map(() => null);
  const rows = folds.reduce((sum, { y }) => sum + y.length, 0);
  const path: PathPoint[] = [];
  const count = steps.first - steps.low + 1;
  let done = 0;
  const visit = async (lambda: number) => {
    const errors: number[] = [];
    for (const [index, fold] of folds.entries()) {
      const settings = { lambda, lambdaIntercept, share, smoothing: null, tolerance, rounds };
      const found = toEnd(exchanges[index]!(settings, states[index]));
      states[index] = found;
      const { failed, weights } = found;
      errors.push(failed >= 0 ? Number.NaN : heldOutError(fold, weights, fold.train.width, (task) => task));
      await breathe(Math.min(done, count), count);
    }
    done++;
    const mse = errors.reduce((sum, error, index) => sum + (error * folds[index]!.y.length) / rows, 0);
    const spread = errors.reduce((sum, error) => sum + (error - mse) ** 2, 0) / Math.max(1, folds.length - 1);
    path.push({ lambda, lambdaIntercept, mse, standardError: Math.sqrt(spread / folds.length) });
    return mse;
  };
  const lambdaAt = (step: number) => scale.slope * 10 ** (step / 2);
  const first = await visit(lambdaAt(steps.first));
  const begun = states.slice();
  let least = first;
  // The error has one valley along λ but for noise: two steps up end the search.
  const walk = async (stride: 1 | -1, end: number) => {
    let worse = 0;
    for (let step = steps.first + stride; step !== end + stride && worse < 2; step += stride) {
      const mse = await visit(lambdaAt(step));
      worse = mse < least ? 0 : worse + 1;
      least = Math.min(least, mse);
    }
  };
  await walk(-1, steps.low);
  if (!(least < first)) {
    states.splice(0, states.length, ...begun);
    await walk(1, steps.high);
  }
  const best = path.reduce((found, point) => (point.mse < found.mse || Number.isNaN(found.mse) ? point : found));
  requireFitted(best.mse);
  return {
    lambda: best.lambda,
    lambdaIntercept,
    mse: best.mse,
    path: path.sort((a, b) => a.lambda - b.lambda),
    folds: folds.length,
  };
}
