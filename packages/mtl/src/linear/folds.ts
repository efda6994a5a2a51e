import { foldsWithinTasks } from "../data/folds.js";
import type { PrecisionGraph } from "../relations/kinship.js";
import { chooseSolver } from "./choose-solver.js";
import type { Design } from "./design.js";
import { type Grams, gramsByFold, sumGrams } from "./grams.js";
import type { Solver } from "./solver.js";

/** Which rows each fold holds out, and the Gram matrices of the folds: shared by all models that are compared. */
export interface Folds {
  readonly design: Design;
  readonly intercept: boolean;
  /** Gram matrices of each fold's own rows. */
  readonly grams: readonly Grams[];
  /** Rows that each fold holds out, and the task of each. */
  readonly held: readonly { readonly rows: Int32Array; readonly tasks: Int32Array }[];
}

export function drawFolds(design: Design, intercept: boolean, count: number, seed: number): Folds {
  const { starts } = design;
  const sizes = Array.from({ length: starts.length - 1 }, (_, task) => starts[task + 1]! - starts[task]!);
  const foldOf = foldsWithinTasks(sizes, count, seed);
  const held = Array.from({ length: count }, (_, fold) => {
    const rows: number[] = [];
    const tasks: number[] = [];
    for (const [task, folds] of foldOf.entries()) {
      for (const [row, its] of folds.entries()) {
        if (its !== fold) continue;
        rows.push(starts[task]! + row);
        tasks.push(task);
      }
    }
    return { rows: Int32Array.from(rows), tasks: Int32Array.from(tasks) };
  });
  return { design, intercept, grams: gramsByFold(design, intercept, count, foldOf), held };
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
export function foldProblems(
  folds: Folds,
  graph: PrecisionGraph,
  transform: (grams: Grams) => Grams,
  nodeOf: (task: number) => number,
): FoldProblem[] {
  const { features, x, y } = folds.design;
  return folds.held.flatMap(({ rows, tasks }, fold) => {
    if (rows.length === 0) return [];
    const grams = transform(sumGrams(folds.grams.filter((_, other) => other !== fold)));
    const { width } = grams;
    holdAbsentTasks(grams);
    const solver: Solver = chooseSolver(grams, graph, features);
    const right = new Float64Array(graph.size * width);
    right.set(grams.moments);
    const weights = new Float64Array(right.length);
    const nodes = tasks.map(nodeOf);
    const error = (lambda: number, lambdaIntercept: number) => {
      if (solver.factor(lambda / 2, lambdaIntercept / 2) >= 0) return Number.NaN;
      solver.solve(right, weights);
      let total = 0;
      for (let i = 0; i < rows.length; i++) {
        const [row, node] = [rows[i]! * features, nodes[i]! * width];
        let residual = (width > features ? weights[node + features]! : 0) - y[rows[i]!]!;
        for (let k = 0; k < features; k++) residual += weights[node + k]! * x[row + k]!;
        total += residual * residual;
      }
      return total / rows.length;
    };
    return [{ error, rows: rows.length }];
  });
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
