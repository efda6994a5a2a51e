import type { CrossValidation } from "./cross-validate.js";
import type { FoldProblem } from "./folds.js";
import type { Grams } from "./grams.js";
import type { InterceptMode } from "./model.js";
import type { Breather } from "./run-control.js";

/** One pair of penalties and the error it had on rows held out. */
export interface PathPoint {
  readonly lambda: number;
  readonly lambdaIntercept: number;
  /** MSE over all held-out rows. */
  readonly mse: number;
  /** Standard error of the folds' MSEs. */
  readonly standardError: number;
}

export interface SearchSpace {
  /** The size of λ at which a task's data and its kin weigh about the same. */
  readonly scale: { readonly slope: number; readonly intercept: number };
  readonly intercept: InterceptMode;
  readonly lambdas?: readonly number[];
  readonly lambdaIntercepts?: readonly number[];
}

/** Twice the mean diagonal of the tasks' Gram matrices. */
export function penaltyScale({ tasks, width, matrices }: Grams, slopes: number): SearchSpace["scale"] {
  let slope = 0;
  let intercept = 0;
  for (let task = 0; task < tasks; task++) {
    for (let i = 0; i < width; i++) {
      const value = matrices[(task * width + i) * width + i]! / tasks;
      if (i < slopes) slope += value / slopes;
      else intercept += value;
    }
  }
  return { slope: 2 * slope || 1, intercept: 2 * intercept || 1 };
}

const decades = (scale: number, from: number, to: number, perDecade: number) =>
  Array.from({ length: (to - from) * perDecade + 1 }, (_, k) => scale * 10 ** (from + k / perDecade));

/** A grid over both penalties, then a finer one around the best pair. */
export async function searchPenalties(
  problems: readonly FoldProblem[],
  space: SearchSpace,
  breathe: Breather,
): Promise<CrossValidation> {
  const { scale, intercept } = space;
  const lambdas = space.lambdas ?? decades(scale.slope, -3, 4, 1);
  const lambdaIntercepts =
    intercept === "coupled" ? (space.lambdaIntercepts ?? decades(scale.intercept, -3, 3, 1)) : [0];
  const path: PathPoint[] = [];
  const refineSlopes = space.lambdas === undefined;
  const refineIntercepts = intercept === "coupled" && space.lambdaIntercepts === undefined;
  const fine = [-2, -1, 1, 2].map((k) => 10 ** (k / 3));
  const total = lambdas.length + (refineSlopes ? fine.length : 0);
  let done = 0;
  const tryRow = async (lambda: number, others: readonly number[]) => {
    for (const other of others) path.push(pathPoint(problems, lambda, other));
    await breathe(++done, total);
  };
  for (const lambda of lambdas) await tryRow(lambda, lambdaIntercepts);
  const coarse = best(path);
  const near = refineIntercepts
    ? [coarse.lambdaIntercept, ...fine.map((factor) => coarse.lambdaIntercept * factor)]
    : [coarse.lambdaIntercept];
  if (refineIntercepts) for (const other of near.slice(1)) path.push(pathPoint(problems, coarse.lambda, other));
  if (refineSlopes) for (const factor of fine) await tryRow(coarse.lambda * factor, near);
  const { lambda, lambdaIntercept, mse } = best(path);
  path.sort((a, b) => a.lambda - b.lambda || a.lambdaIntercept - b.lambdaIntercept);
  return { lambda, lambdaIntercept, mse, path, folds: problems.length };
}

function pathPoint(problems: readonly FoldProblem[], lambda: number, lambdaIntercept: number): PathPoint {
  const errors = problems.map(({ error }) => error(lambda, lambdaIntercept));
  let rows = 0;
  let sum = 0;
  for (const [fold, { rows: held }] of problems.entries()) {
    rows += held;
    sum += held * errors[fold]!;
  }
  const mse = sum / rows;
  const spread = errors.reduce((total, error) => total + (error - mse) ** 2, 0) / Math.max(1, errors.length - 1);
  return { lambda, lambdaIntercept, mse, standardError: Math.sqrt(spread / errors.length) };
}

/** Ties go to the stronger penalty: the simpler model. */
function best(path: readonly PathPoint[]): PathPoint {
  let found = path[0]!;
  for (const point of path) {
    if (Number.isNaN(found.mse) || point.mse < found.mse) found = point;
    else if (point.mse === found.mse && point.lambda + point.lambdaIntercept > found.lambda + found.lambdaIntercept) {
      found = point;
    }
  }
  return found;
}
