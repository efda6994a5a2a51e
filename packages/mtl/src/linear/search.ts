import { InputError } from "../errors.js";
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

/** Values of one penalty by their steps; the grid `first` to `last` is tried whole, and left while that pays. */
interface Axis {
  readonly value: (step: number) => number;
  readonly low: number;
  readonly first: number;
  readonly last: number;
  readonly high: number;
}

function given(values: readonly number[]): Axis {
  const sorted = [...values].sort((a, b) => a - b);
  const last = sorted.length - 1;
  return { value: (step) => sorted[step]!, low: 0, first: 0, last, high: last };
}

function decades(scale: number, first: number, last: number): Axis {
  return { value: (step) => scale * 10 ** step, low: -9, first, last, high: 8 };
}

/** Thirds of a decade around the best of the decades. */
function thirds(centre: number): Axis {
  return { value: (step) => centre * 10 ** (step / 3), low: -2, first: -1, last: 1, high: 2 };
}

/** An edge of the grid is left for the next decade only if that lowers the error by more than this share. */
const worthwhile = 1e-4;

/**
 * A grid of decades, then one of thirds of a decade around the best. A grid, as the error has several valleys:
 * strongly tied intercepts with free slopes may do nearly as well as the other way round.
 */
export async function searchPenalties(
  problems: readonly FoldProblem[],
  space: SearchSpace,
  breathe: Breather,
): Promise<CrossValidation> {
  const { scale, intercept } = space;
  const path: PathPoint[] = [];
  let done = 0;
  let total = 0;
  const visit = async (lambda: number, others: readonly number[]) => {
    const tried = path.filter((point) => point.lambda === lambda).map((point) => point.lambdaIntercept);
    const fresh = others.filter((other) => !tried.includes(other));
    path.push(...pathRow(problems, lambda, fresh));
    total = Math.max(total, ++done);
    await breathe(done, total);
  };
  const explore = async (slopes: Axis, intercepts: Axis) => {
    const column = valuesOf(intercepts);
    total = done + slopes.last - slopes.first + 1;
    for (const value of valuesOf(slopes)) await visit(value, column);
    const least = () => best(path).mse;
    await leaveEdges(
      slopes,
      () => best(path).lambda,
      least,
      (value) => visit(value, column),
    );
    await leaveEdges(
      intercepts,
      () => best(path).lambdaIntercept,
      least,
      (value) => visit(best(path).lambda, [value]),
    );
  };
  const fixed = intercept === "coupled" ? space.lambdaIntercepts : [0];
  await explore(
    space.lambdas ? given(space.lambdas) : decades(scale.slope, -1, 3),
    fixed ? given(fixed) : decades(scale.intercept, -2, 2),
  );
  const coarse = best(path);
  if (!space.lambdas || !fixed) {
    await explore(
      space.lambdas ? given([coarse.lambda]) : thirds(coarse.lambda),
      fixed ? given([coarse.lambdaIntercept]) : thirds(coarse.lambdaIntercept),
    );
  }
  const { lambda, lambdaIntercept, mse } = best(path);
  requireFitted(mse);
  path.sort((a, b) => a.lambda - b.lambda || a.lambdaIntercept - b.lambdaIntercept);
  return { lambda, lambdaIntercept, mse, path, folds: problems.length };
}

export function requireFitted(error: number): void {
  if (Number.isFinite(error)) return;
  throw new InputError(
    "cross-validation: the objective has no unique minimum at any λ that was tried; give the kinship some shrinkage, or " +
      "rescale what it is made of to about 1",
  );
}

const valuesOf = ({ value, first, last }: Axis) => Array.from({ length: last - first + 1 }, (_, k) => value(first + k));

/** Goes on beyond an end of the axis while the best value lies there. */
async function leaveEdges(
  axis: Axis,
  bestValue: () => number,
  leastError: () => number,
  visit: (value: number) => Promise<void>,
): Promise<void> {
  for (const direction of [-1, 1]) {
    let edge = direction < 0 ? axis.first : axis.last;
    while (bestValue() === axis.value(edge)) {
      edge += direction;
      if (edge < axis.low || edge > axis.high) break;
      const before = leastError();
      await visit(axis.value(edge));
      if (!(leastError() < before * (1 - worthwhile))) break;
    }
  }
}

/** One fold after the other, each with all of the row's penalties: its matrices stay in the cache. */
function pathRow(problems: readonly FoldProblem[], lambda: number, others: readonly number[]): PathPoint[] {
  const rows = problems.reduce((total, problem) => total + problem.rows, 0);
  const errors = problems.map(({ error }) => others.map((other) => error(lambda, other)));
  return others.map((lambdaIntercept, at) => {
    let mse = 0;
    for (const [fold, problem] of problems.entries()) mse += (problem.rows / rows) * errors[fold]![at]!;
    const spread = errors.reduce((total, of) => total + (of[at]! - mse) ** 2, 0) / Math.max(1, problems.length - 1);
    return { lambda, lambdaIntercept, mse, standardError: Math.sqrt(spread / problems.length) };
  });
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
