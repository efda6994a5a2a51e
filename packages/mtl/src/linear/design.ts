import { largestAbsolute } from "../algebra/norms.js";
import { copyMatrix, matrixShape, vectorOf } from "../data/arrays.js";
import type { Task } from "../data/tasks.js";
import { InputError } from "../errors.js";
import { requireGramSquares, requireWeights } from "./limits.js";

/** Tasks checked and laid out for the solvers: all rows in one row-major matrix, task after task. */
export interface Design {
  readonly names: readonly string[];
  readonly features: number;
  /** Rows of task t: starts[t] up to starts[t + 1]. */
  readonly starts: Int32Array;
  /** [rows, features] */
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** α_t */
  readonly taskWeights: Float64Array;
}

/**
 * @throws InputError that names the task (row, column) for: no task, two of one name, a task without rows,
 * x and y of different lengths, tasks of different widths, a value that is not a finite number, a weight that is not positive.
 */
export function designOf(tasks: readonly Task[], caller: string): Design {
  if (tasks.length === 0) throw new InputError(`${caller}: there are no tasks`);
  const seen = new Set<string>();
  const starts = new Int32Array(tasks.length + 1);
  const { columns: features } = matrixShape(tasks[0]!.x, `${caller}: task "${tasks[0]!.name}", x`);
  const targets = tasks.map((task, t) => {
    const what = `${caller}: task "${task.name}"`;
    if (seen.has(task.name)) throw new InputError(`${what} is given twice; rename or merge them`);
    seen.add(task.name);
    const { rows, columns } = matrixShape(task.x, `${what}, x`);
    const y = vectorOf(task.y, `${what}, y`);
    if (y.length !== rows) throw new InputError(`${what} has ${rows} rows of x and ${y.length} of y`);
    if (rows === 0) throw new InputError(`${what} has no training row; drop it, and predict it as an unseen task`);
    if (columns !== features) {
      throw new InputError(
        `${caller}: tasks differ in width, "${tasks[0]!.name}" has ${features} features and "${task.name}" has ${columns}`,
      );
    }
    const weight = task.weight ?? 1;
    if (!(weight > 0 && Number.isFinite(weight))) {
      throw new InputError(`${what} has the weight ${weight}; it must be a finite number > 0`);
    }
    starts[t + 1] = starts[t]! + rows;
    return y;
  });
  const rows = starts[tasks.length]!;
  const x = new Float64Array(rows * features);
  const y = new Float64Array(rows);
  for (const [t, task] of tasks.entries()) {
    const what = `${caller}: task "${task.name}"`;
    const [start, end] = [starts[t]!, starts[t + 1]!];
    copyMatrix(task.x, `${what}, x`, x, start * features);
    y.set(targets[t]!, start);
    requireFinite(x, start * features, end * features, features, `${what}, x`);
    requireFinite(y, start, end, 1, `${what}, y`);
  }
  return {
    names: tasks.map(({ name }) => name),
    features,
    starts,
    x,
    y,
    taskWeights: Float64Array.from(tasks, ({ weight }) => weight ?? 1),
  };
}

/**
 * `designOf` for what squares gradients, or compares errors: cross-validation and learned relations.
 * @throws InputError for inputs, targets or weights that are all far from 1, too
 */
export function moderateDesignOf(tasks: readonly Task[], caller: string): Design {
  const design = designOf(tasks, caller);
  requireGramSquares(largestAbsolute(design.x), largestAbsolute(design.y), caller);
  requireWeights(largestAbsolute(design.taskWeights), caller);
  return design;
}

function requireFinite(values: Float64Array, first: number, end: number, columns: number, what: string): void {
  for (let at = first; at < end; at++) {
    if (Number.isFinite(values[at]!)) continue;
    const i = at - first;
    const column = columns === 1 ? "" : `, column ${(i % columns) + 1}`;
    throw new InputError(`${what}, row ${Math.floor(i / columns) + 1}${column} is ${values[at]}; drop or fill it`);
  }
}
