import { dot } from "../algebra/dot.js";
import { foldsWithinTasks } from "../data/folds.js";
import { InputError } from "../errors.js";
import type { PrecisionGraph } from "../relations/kinship.js";
import { chooseSolver } from "./choose-solver.js";
import type { Design } from "./design.js";
import { type Grams, gramsByFold, sumGrams } from "./grams.js";

/** What one round of cross-validation learns from, and the rows it holds out. Shared by all models compared. */
export interface Fold {
  readonly train: Grams;
  readonly features: number;
  /** The held-out rows, [rows, features], and their targets. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** The task of each held-out row. */
  readonly tasks: Int32Array;
}

/** With few rows the error of one draw of folds is mostly luck: they are drawn up to five times. */
export function defaultRepeats({ y }: Design): number {
  return Math.min(5, Math.ceil(10_000 / y.length));
}

/** `count` folds, drawn anew `repeats` times; folds that would hold out nothing are left out. */
export function drawFolds(design: Design, intercept: boolean, count: number, repeats: number, seed: number): Fold[] {
  const { starts, features, x, y } = design;
  if (y.length < 2) throw new InputError("cross-validation needs two training rows, there is one; add rows, or give λ");
  const sizes = Array.from({ length: starts.length - 1 }, (_, task) => starts[task + 1]! - starts[task]!);
  return Array.from({ length: repeats }, (_, repeat) => {
    const foldOf = foldsWithinTasks(sizes, count, seed + repeat);
    const grams = gramsByFold(design, intercept, count, foldOf);
    return grams.flatMap((_, fold): Fold[] => {
      const rows: number[] = [];
      const tasks: number[] = [];
      for (const [task, folds] of foldOf.entries()) {
        for (const [row, its] of folds.entries()) {
          if (its !== fold) continue;
          rows.push(starts[task]! + row);
          tasks.push(task);
        }
      }
      if (rows.length === 0) return [];
      const train = sumGrams(grams.filter((_, other) => other !== fold));
      const held = new Float64Array(rows.length * features);
      for (const [i, row] of rows.entries()) {
        held.set(x.subarray(row * features, (row + 1) * features), i * features);
      }
      const targets = Float64Array.from(rows, (row) => y[row]!);
      return [{ train, features, x: held, y: targets, tasks: Int32Array.from(tasks) }];
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
  { train, features, x, y, tasks }: Fold,
  graph: PrecisionGraph,
  transform: (grams: Grams) => Grams,
  nodeOf: (task: number) => number,
): FoldProblem {
  const grams = transform(train);
  const { width } = grams;
  holdAbsentTasks(grams);
  const solver = chooseSolver(grams, graph, features);
  const right = new Float64Array(graph.size * width);
  right.set(grams.moments);
  const weights = new Float64Array(right.length);
  const nodes = tasks.map(nodeOf);
  const error = (lambda: number, lambdaIntercept: number) => {
    if (solver.factor(lambda / 2, lambdaIntercept / 2) >= 0) return Number.NaN;
    solver.solve(right, weights, true);
    let total = 0;
    for (let i = 0; i < y.length; i++) {
      const node = nodes[i]! * width;
      let residual = dot(weights, node, x, i * features, features) - y[i]!;
      if (width > features) residual += weights[node + features]!;
      total += residual * residual;
    }
    return total / y.length;
  };
  return { error, rows: y.length };
}

/**
 * A task all of whose rows are held out has nothing to set a free intercept by. A trace of weight sets it to 0,
 * the mean of all targets.
 */
function holdAbsentTasks({ tasks, width, matrices }: Grams): void {
  for (let task = 0; task < tasks; task++) {
    const last = (task + 1) * width * width - 1;
    if (matrices[last] === 0) matrices[last] = 1e-9;
  }
}
