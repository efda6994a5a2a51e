import { matrixOf, vectorOf } from "../data/arrays.js";
import type { Task } from "../data/tasks.js";
import { InputError } from "../errors.js";

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
  const parts = tasks.map((task) => {
    const what = `${caller}: task "${task.name}"`;
    if (seen.has(task.name)) throw new InputError(`${what} is given twice; rename or merge them`);
    seen.add(task.name);
    const x = matrixOf(task.x, `${what}, x`);
    const y = vectorOf(task.y, `${what}, y`);
    if (y.length !== x.rows) throw new InputError(`${what} has ${x.rows} rows of x and ${y.length} of y`);
    if (x.rows === 0) throw new InputError(`${what} has no training row; drop it, and predict it as an unseen task`);
    requireFinite(x.data, x.columns, `${what}, x`);
    requireFinite(y, 1, `${what}, y`);
    const weight = task.weight ?? 1;
    if (!(weight > 0 && Number.isFinite(weight))) {
      throw new InputError(`${what} has the weight ${weight}; it must be a finite number > 0`);
    }
    return { x, y, weight };
  });
  const features = parts[0]!.x.columns;
  const starts = new Int32Array(tasks.length + 1);
  for (const [t, { x, y }] of parts.entries()) {
    if (x.columns !== features) {
      throw new InputError(
        `${caller}: tasks differ in width, "${tasks[0]!.name}" has ${features} features and "${tasks[t]!.name}" has ${x.columns}`,
      );
    }
    starts[t + 1] = starts[t]! + y.length;
  }
  const rows = starts[tasks.length]!;
  const x = new Float64Array(rows * features);
  const y = new Float64Array(rows);
  for (const [t, part] of parts.entries()) {
    x.set(part.x.data, starts[t]! * features);
    y.set(part.y, starts[t]!);
  }
  return {
    names: tasks.map(({ name }) => name),
    features,
    starts,
    x,
    y,
    taskWeights: Float64Array.from(parts, ({ weight }) => weight),
  };
}

function requireFinite(values: Float64Array, columns: number, what: string): void {
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i]!)) continue;
    const column = columns === 1 ? "" : `, column ${(i % columns) + 1}`;
    throw new InputError(`${what}, row ${Math.floor(i / columns) + 1}${column} is ${values[i]}; drop or fill it`);
  }
}
