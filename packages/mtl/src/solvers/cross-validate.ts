import { matrixOf, vectorOf } from "../data/arrays.js";
import { InputError } from "../errors.js";
import type { LinearModel } from "../linear/model.js";
import { nodeNames } from "../linear/model.js";
import { breather, type RunControl } from "../linear/run-control.js";
import { squared } from "../losses/squared.js";
import type { AnyRegularizer } from "../regularizers/regularizer.js";
import type { Tolerances } from "./certificate.js";
import { createEngine, type Engine } from "./engine.js";
import {
  type FitLinearOptions,
  fitLinear,
  interceptOf,
  type LinearProblemOptions,
  modelOf,
  requireSolvable,
} from "./fit-linear.js";
import { type FoldPlan, type FoldScheme, planFolds } from "./fold-plan.js";
import { descending } from "./path.js";
import { type LabelledTask, type Problem, problemOf } from "./problem.js";

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
const stride = Math.sqrt(10);
/** Folds need λ's error, not weights to many digits. */
const foldTolerance = 1e-3;
const foldIterations = 2000;
const mostSteps = 16;
/** Errors nearer than this are the same: λ is still so large that no weight moves. */
const flat = 1e-6;

interface Fold {
  readonly plan: FoldPlan;
  readonly problem: Problem;
  readonly engine: Engine;
  /** Solutions by λ: a new λ starts from its nearest. */
  readonly solved: Map<number, Float64Array>;
}

/**
 * λ, and the regularizer if there are several, with the least loss on rows held out. λ goes down from λ_max until the
 * error rises, then halfway between its neighbours; every fit starts from its neighbour's.
 * @throws InputError for what `fitLinear` refuses, and for folds that leave a task without one of its classes while its
 * intercept is free.
 */
export async function crossValidateLinear(options: CrossValidateLinearOptions): Promise<LinearCrossValidation> {
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
  const problems = plans.map(({ train }) => problemOf(train, loss, caller));
  const path: LinearPathPoint[] = [];
  const breathe = breather("cross-validation", options);
  const total = candidates.length * (options.lambdas?.length ?? mostSteps / 2);
  let unconverged = 0;
  for (const regularizer of candidates) {
    const choice = { ...options, regularizer };
    const intercept = interceptOf(choice, caller);
    const fits = plans.map((plan, k): Fold => {
      const problem = problems[k]!;
      return { plan, problem, engine: createEngine(problem, regularizer, intercept, caller), solved: new Map() };
    });
    const visit = async (lambda: number): Promise<number> => {
      requireSolvable(lambda, tolerance, maxIterations, caller);
      const errors: number[] = [];
      for (const { plan, problem, engine, solved } of fits) {
        const start = nearest(solved, lambda);
        const solution = engine.solve({ lambda, tolerance, maxIterations, ...(start && { start }) });
        solved.set(lambda, solution.state);
        if (!solution.certificate.converged) unconverged++;
        errors.push(heldOutLoss(modelOf(problem, solution, choice, lambda), tasks, plan, loss));
        await breathe(path.length, Math.max(total, path.length + 1));
      }
      const point = pointOf(regularizer, lambda, errors, plans);
      path.push(point);
      return point.error;
    };
    if (options.lambdas !== undefined) for (const lambda of descending(options.lambdas)) await visit(lambda);
    else await descend(createEngine(whole, regularizer, intercept, caller).lambdaMax, visit);
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

function nearest(solved: ReadonlyMap<number, Float64Array>, lambda: number): Float64Array | undefined {
  let found: Float64Array | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const [other, state] of solved) {
    const distance = Math.abs(Math.log((other || 1e-300) / (lambda || 1e-300)));
    if (distance < least) [least, found] = [distance, state];
  }
  return found;
}

/** The sum of losses of the rows held out. A task that did not train is predicted as the model predicts unseen ones. */
function heldOutLoss(
  model: LinearModel,
  tasks: readonly LabelledTask[],
  { held }: FoldPlan,
  loss: NonNullable<LinearProblemOptions["loss"]>,
): number {
  const nodes = new Map(nodeNames(model).map((name, node) => [name, node]));
  const { outputs } = loss;
  const width = model.features.length;
  const scores = new Float64Array(outputs);
  let total = 0;
  for (const { task, rows } of held) {
    const { x, y, name } = tasks[task]!;
    const node = nodes.get(name) ?? (model.kinship.root === null ? undefined : nodes.get(model.kinship.root));
    if (node === undefined) {
      throw new InputError(
        `crossValidateLinear: the ${model.kinship.kind} kinship says nothing of task "${name}", which no row trains; ` +
          `use folds within tasks`,
      );
    }
    const inputs = matrixOf(x, "x").data;
    const labels = vectorOf(y, "y");
    for (const row of rows) {
      for (let c = 0; c < outputs; c++) {
        const at = node * outputs + c;
        let score = model.intercepts[at]!;
        for (let j = 0; j < width; j++) score += model.weights[at * width + j]! * inputs[row * width + j]!;
        scores[c] = score;
      }
      total += loss.value(scores, 0, labels[row]!);
    }
  }
  return total;
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
