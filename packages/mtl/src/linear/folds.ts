import { multiplyRows } from "../algebra/multiply-rows.js";
import { foldsWithinTasks, requireRepeats } from "../data/folds.js";
import { InputError } from "../errors.js";
import type { PrecisionGraph } from "../relations/kinship.js";
import { chooseSolver } from "./choose-solver.js";
import type { Design } from "./design.js";
import { type Grams, gramsByFold, sumGrams } from "./grams.js";

/** What one round of cross-validation learns from, and the rows it holds out. Shared by all models compared. */
export interface Fold {
  readonly train: Grams;
  readonly features: number;
  /** Held-out rows of task t: starts[t] up to starts[t + 1]. */
  readonly starts: Int32Array;
  /** The held-out rows, [rows, features], and their targets. */
  readonly x: Float64Array;
  readonly y: Float64Array;
}

/** With many rows few folds tell penalties apart, and each costs a fit. */
export function defaultFolds({ y }: { readonly y: ArrayLike<unknown> }): number {
  return y.length < 10_000 ? 5 : 3;
}

/** With few rows the error of one draw of folds is mostly luck: they are drawn up to five times. */
export function defaultRepeats({ y }: Design): number {
  return Math.min(5, Math.ceil(10_000 / y.length));
}

/**
 * `count` folds, drawn anew `repeats` times; folds that would hold out nothing are left out.
 * @param keepSingles whether the only row of a task always trains
 */
export function drawFolds(
  design: Design,
  intercept: boolean,
  count: number,
  repeats: number,
  seed: number,
  keepSingles = false,
): Fold[] {
  const { starts, features, x, y } = design;
  if (y.length < 2) throw new InputError("cross-validation needs two training rows, there is one; add rows, or give λ");
  requireRepeats(repeats);
  const sizes = Array.from({ length: starts.length - 1 }, (_, task) => starts[task + 1]! - starts[task]!);
  return Array.from({ length: repeats }, (_, repeat) => {
    const drawn = foldsWithinTasks(sizes, count, seed + repeat);
    const foldOf = keepSingles ? drawn.map((folds) => (folds.length < 2 ? folds.fill(count) : folds)) : drawn;
    // The last holds the rows that always train.
    const grams = gramsByFold(design, intercept, count + 1, foldOf);
    return Array.from({ length: count }, (_, fold) => fold).flatMap((fold): Fold[] => {
      const held = new Int32Array(sizes.length + 1);
      for (const [task, folds] of foldOf.entries()) {
        let count = 0;
        for (let i = 0; i < folds.length; i++) if (folds[i] === fold) count++;
        held[task + 1] = held[task]! + count;
      }
      const rows = held[sizes.length]!;
      if (rows === 0) return [];
      const part = { features, starts: held, x: new Float64Array(rows * features), y: new Float64Array(rows) };
      let at = 0;
      for (const [task, folds] of foldOf.entries()) {
        for (let i = 0; i < folds.length; i++) {
          if (folds[i] !== fold) continue;
          const row = starts[task]! + i;
          for (let k = 0; k < features; k++) part.x[at * features + k] = x[row * features + k]!;
          part.y[at++] = y[row]!;
        }
      }
      return [{ ...part, train: sumGrams(grams.filter((_, other) => other !== fold)) }];
    });
  }).flat();
}

/** One fold's training problem, ready for any penalties, and the rows it is judged by. */
export interface FoldProblem {
  /** Mean squared error on the held-out rows; NaN if the system is singular at these penalties. */
  readonly error: (lambda: number, lambdaIntercept: number) => number;
  readonly rows: number;
}

/**
 * @param transform what the model sees of the Gram matrices: themselves, or pooled into one task
 * @param nodeOf the node of `graph` that predicts a task
 */
export function foldProblem(
  fold: Fold,
  graph: PrecisionGraph,
  transform: (grams: Grams) => Grams,
  nodeOf: (task: number) => number,
): FoldProblem {
  const { features, y } = fold;
  const grams = transform(fold.train);
  const { width } = grams;
  holdAbsentTasks(grams);
  const solver = chooseSolver(grams, graph, features);
  const right = new Float64Array(graph.size * width);
  right.set(grams.moments);
  const weights = new Float64Array(right.length);
  const error = (lambda: number, lambdaIntercept: number) => {
    if (solver.factor(lambda / 2, lambdaIntercept / 2) >= 0) return Number.NaN;
    solver.solve(right, weights, { keep: true });
    return heldOutError(fold, weights, width, nodeOf);
  };
  return { error, rows: y.length };
}

/** Mean squared error on the held-out rows. @param weights [nodes, width], the intercept last */
export function heldOutError(
  { features, starts, x, y }: Fold,
  weights: Float64Array,
  width: number,
  nodeOf: (task: number) => number,
): number {
  const predicted = new Float64Array(y.length);
  let total = 0;
  for (let task = 0; task + 1 < starts.length; task++) {
    const node = nodeOf(task) * width;
    const start = starts[task]!;
    const end = starts[task + 1]!;
    multiplyRows(x, start * features, end - start, features, weights, node, predicted, start);
    const intercept = width > features ? weights[node + features]! : 0;
    for (let i = start; i < end; i++) {
      const residual = predicted[i]! + intercept - y[i]!;
      total += residual * residual;
    }
  }
  return total / y.length;
}

/**
 * A task all of whose rows are held out has nothing to set a free intercept by. A trace of weight sets it to 0,
 * the mean of all targets.
 */
export function holdAbsentTasks({ tasks, width, matrices }: Grams): void {
  for (let task = 0; task < tasks; task++) {
    const last = (task + 1) * width * width - 1;
    if (matrices[last] === 0) matrices[last] = 1e-9;
  }
}
