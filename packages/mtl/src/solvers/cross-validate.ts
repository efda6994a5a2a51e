import { InputError } from "../errors.js";
import type { LinearModel } from "../linear/model.js";
import { breather, type RunControl } from "../linear/run-control.js";
import { squared } from "../losses/squared.js";
import type { AnyRegularizer } from "../regularizers/regularizer.js";
import type { Tolerances } from "./certificate.js";
import { createEngine } from "./engine.js";
import {
  type FitLinearOptions,
  fitLinear,
  interceptOf,
  type LinearProblemOptions,
  requireSolvable,
} from "./fit-linear.js";
import { type FoldSolver, inThisThread } from "./fold-fits.js";
import { type FoldPlan, type FoldScheme, planFolds } from "./fold-plan.js";
import { descending } from "./path.js";
import { problemOf } from "./problem.js";

export interface CrossValidateLinearOptions extends Omit<LinearProblemOptions, "regularizer">, Tolerances, RunControl {
  /** One, or several to choose from: see `grid` and `randomSearch`. */
  readonly regularizer: AnyRegularizer | readonly AnyRegularizer[];
  /** Values of λ to try; found from the data unless given. */
  readonly lambdas?: readonly number[];
  /** Folds within tasks unless given. */
  readonly folds?: FoldScheme;
  /** 0 unless given. */
  readonly seed?: number;
}

export interface LinearPathPoint {
  readonly regularizer: AnyRegularizer;
  readonly lambda: number;
  /** The mean loss of held-out rows: the mean squared error, or the negative log-likelihood. */
  readonly error: number;
  /** Standard error of the folds' errors. */
  readonly standardError: number;
}

export interface LinearCrossValidation {
  readonly regularizer: AnyRegularizer;
  readonly lambda: number;
  readonly error: number;
  /** Every pair tried: candidates in their order, each by λ from the largest. */
  readonly path: readonly LinearPathPoint[];
  readonly folds: number;
  /** Fits within folds that did not reach the tolerance. */
  readonly unconverged: number;
}

/** λ goes down by this factor, and by its square root beside the best. */
const stride = /* @__PURE__ */ Math.sqrt(10);
/** Folds need λ's error, not weights to many digits. */
const foldTolerance = 1e-3;
const foldIterations = 2000;
const mostSteps = 16;
/** Errors nearer than this are the same: λ is still so large that no weight moves. */
const flat = 1e-6;

/**
 * λ, and the regularizer if there are several, with the least loss on rows held out. λ goes down from λ_max until the
 * error rises, then halfway between its neighbours; every fit starts from its neighbour's.
 * @throws InputError for what `fitLinear` refuses, and for folds that leave a task without one of its classes while its
 * intercept is free.
 */
export async function crossValidateLinear(options: CrossValidateLinearOptions): Promise<LinearCrossValidation> {
  return searchLambda(options, inThisThread);
}

/** `crossValidateLinear` with folds that are fitted wherever `foldsOf` fits them. */
export async function searchLambda(
  options: CrossValidateLinearOptions,
  foldsOf: FoldSolver,
): Promise<LinearCrossValidation> {
  const { tasks, loss = squared(), folds: scheme = { kind: "within-tasks" }, seed = 0 } = options;
  const { tolerance = foldTolerance, maxIterations = foldIterations } = options;
  const candidates = Array.isArray(options.regularizer)
    ? (options.regularizer as readonly AnyRegularizer[])
    : [options.regularizer as AnyRegularizer];
  if (candidates.length === 0) throw new InputError("crossValidateLinear: there is no regularizer to choose");
  const caller = "crossValidateLinear";
  const whole = problemOf(tasks, loss, caller);
  const plans = planFolds(tasks, scheme, seed);
  if (plans.length === 0) throw new InputError(`${caller}: there are not two rows of a task to tell apart; give λ`);
  const solverOf = foldsOf({ tasks, loss, plans });
  const path: LinearPathPoint[] = [];
  const breathe = breather("cross-validation", options);
  const total = candidates.length * (options.lambdas?.length ?? mostSteps / 2);
  let unconverged = 0;
  for (const regularizer of candidates) {
    const choice = { ...options, regularizer };
    const intercept = interceptOf(choice, caller);
    const solve = solverOf(choice);
    const visit = async (lambda: number): Promise<number> => {
      requireSolvable(lambda, tolerance, maxIterations, caller);
      const done = path.length;
      const solved = await solve({ lambda, tolerance, maxIterations }, async () =>
        breathe(done, Math.max(total, done + 1)),
      );
      for (const { converged } of solved) if (!converged) unconverged++;
      const errors = solved.map(({ loss }) => loss);
      const point = pointOf(regularizer, lambda, errors, plans);
      path.push(point);
      return point.error;
    };
    if (options.lambdas !== undefined) for (const lambda of descending(options.lambdas)) await visit(lambda);
    else await descend(createEngine(whole, regularizer, intercept, caller).lambdaMax(), visit);
  }
  let best = path[0]!;
  for (const point of path) if (point.error < best.error || Number.isNaN(best.error)) best = point;
  const rank = new Map(candidates.map((candidate, k) => [candidate, k]));
  path.sort((a, b) => rank.get(a.regularizer)! - rank.get(b.regularizer)! || b.lambda - a.lambda);
  await breathe(path.length, path.length);
  return {
    regularizer: best.regularizer,
    lambda: best.lambda,
    error: best.error,
    path,
    folds: plans.length,
    unconverged,
  };
}

/** Cross-validation, and the fit on all rows that it chooses. */
export async function fitLinearByCrossValidation(
  options: Omit<CrossValidateLinearOptions, keyof Tolerances> & Omit<FitLinearOptions, "lambda" | "regularizer">,
): Promise<{ readonly model: LinearModel; readonly validation: LinearCrossValidation }> {
  const { tolerance, maxIterations, ...rest } = options;
  const validation = await crossValidateLinear(rest);
  const { regularizer, lambda } = validation;
  return { model: fitLinear({ ...options, regularizer, lambda }), validation };
}

async function descend(most: number, visit: (lambda: number) => Promise<number>): Promise<void> {
  let best = { lambda: most, error: Number.POSITIVE_INFINITY };
  for (let step = 1; step <= mostSteps; step++) {
    const lambda = most / stride ** step;
    const error = await visit(lambda);
    if (error > best.error * (1 + flat)) break;
    if (error < best.error) best = { lambda, error };
  }
  for (const lambda of [best.lambda * Math.sqrt(stride), best.lambda / Math.sqrt(stride)]) await visit(lambda);
}

function pointOf(
  regularizer: AnyRegularizer,
  lambda: number,
  sums: readonly number[],
  plans: readonly FoldPlan[],
): LinearPathPoint {
  const counts = plans.map(({ held }) => held.reduce((count, { rows }) => count + rows.length, 0));
  const rows = counts.reduce((a, b) => a + b, 0);
  const error = sums.reduce((a, b) => a + b, 0) / rows;
  const spread = sums.reduce((all, sum, k) => all + (sum / counts[k]! - error) ** 2, 0) / Math.max(1, sums.length - 1);
  return { regularizer, lambda, error, standardError: Math.sqrt(spread / sums.length) };
}
