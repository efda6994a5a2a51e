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

const decades = (scale: number, from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, k) => scale * 10 ** (from + k));

/** Steps of a third of a decade around the best of the decades. */
const thirds = [-2, -1, 0, 1, 2].map((k) => 10 ** (k / 3));

/**
 * Decades first, then thirds of a decade around the best pair. For each λ, the intercepts' λ descends along its grid
 * from the best of the λ before: the valley moves slowly.
 */
export async function searchPenalties(
  problems: readonly FoldProblem[],
  space: SearchSpace,
  breathe: Breather,
): Promise<CrossValidation> {
  const { scale, intercept } = space;
  const coupled = intercept === "coupled";
  const lambdas = space.lambdas ?? decades(scale.slope, -2, 4);
  const others = coupled ? (space.lambdaIntercepts ?? decades(scale.intercept, -2, 3)) : [0];
  const path: PathPoint[] = [];
  const total = lambdas.length + (space.lambdas === undefined ? thirds.length : 0);
  let done = 0;
  const walk = async (slopes: readonly number[], intercepts: readonly number[]) => {
    let start = Math.floor(intercepts.length / 2);
    for (const lambda of slopes) {
      const row = descend(intercepts, start, (other) => pathPoint(problems, lambda, other));
      start = intercepts.indexOf(best(row).lambdaIntercept);
      path.push(...row);
      await breathe(++done, total);
    }
  };
  await walk(lambdas, others);
  const coarse = best(path);
  if (space.lambdas === undefined) {
    const near = coupled && space.lambdaIntercepts === undefined;
    await walk(
      thirds.map((factor) => coarse.lambda * factor),
      near ? thirds.map((factor) => coarse.lambdaIntercept * factor) : others,
    );
  }
  const { lambda, lambdaIntercept, mse } = best(path);
  path.sort((a, b) => a.lambda - b.lambda || a.lambdaIntercept - b.lambdaIntercept);
  return { lambda, lambdaIntercept, mse, path, folds: problems.length };
}

/** Points of the grid from `start` on, to either side as long as they get better. */
function descend(grid: readonly number[], start: number, evaluate: (value: number) => PathPoint): PathPoint[] {
  const points = [evaluate(grid[start]!)];
  for (const step of [-1, 1]) {
    let reached = points[0]!.mse;
    for (let at = start + step; at >= 0 && at < grid.length; at += step) {
      const point = evaluate(grid[at]!);
      points.push(point);
      if (!(point.mse < reached) && !Number.isNaN(reached)) break;
      reached = point.mse;
    }
  }
  return points;
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
