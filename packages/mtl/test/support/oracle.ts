import type { Task } from "@kinship/mtl";

/** Solves a x = b by Gaussian elimination with partial pivoting: slow, plain, and apart from the library. */
export function solveDense(a: number[][], b: number[]): number[] {
  const n = b.length;
  const rows = a.map((row, i) => [...row, b[i]!]);
  for (let k = 0; k < n; k++) {
    let best = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(rows[i]![k]!) > Math.abs(rows[best]![k]!)) best = i;
    [rows[k], rows[best]] = [rows[best]!, rows[k]!];
    for (let i = k + 1; i < n; i++) {
      const factor = rows[i]![k]! / rows[k]![k]!;
      for (let j = k; j <= n; j++) rows[i]![j]! -= factor * rows[k]![j]!;
    }
  }
  const x = new Array<number>(n).fill(0);
  for (let i = n - 1; i >= 0; i--) {
    let value = rows[i]![n]!;
    for (let j = i + 1; j < n; j++) value -= rows[i]![j]! * x[j]!;
    x[i] = value / rows[i]![i]!;
  }
  return x;
}

export interface PlainTask extends Task {
  readonly x: number[][];
  readonly y: number[];
}

export interface Penalties {
  readonly lambda: number;
  readonly lambdaIntercept: number;
  readonly intercept: boolean;
}

/** The objective as the documentation writes it. `w[t]` holds the slopes of task t, then its intercept. */
export function objective(tasks: readonly PlainTask[], k: number[][], penalties: Penalties, w: number[][]): number {
  let total = 0;
  for (const [t, { x, y, weight = 1 }] of tasks.entries()) {
    for (const [i, row] of x.entries()) {
      let error = (penalties.intercept ? w[t]![row.length]! : 0) - y[i]!;
      for (const [j, value] of row.entries()) error += value * w[t]![j]!;
      total += weight * error * error;
    }
  }
  for (const [i, row] of k.entries()) {
    for (const [j, entry] of row.entries()) {
      for (const [f, value] of w[i]!.entries()) {
        const lambda = f < tasks[0]!.x[0]!.length ? penalties.lambda : penalties.lambdaIntercept;
        total += (lambda / 2) * entry * value * w[j]![f]!;
      }
    }
  }
  return total;
}

/** The sizes of all terms of the objective, multiplied out: what its rounding is measured by. */
export function sizeOfTerms(tasks: readonly PlainTask[], k: number[][], penalties: Penalties, w: number[][]): number {
  const sizes = (rows: number[][]) => rows.map((row) => row.map(Math.abs));
  const positive = tasks.map((task) => ({ ...task, x: sizes(task.x), y: task.y.map((value) => -Math.abs(value)) }));
  return objective(positive, sizes(k), penalties, sizes(w));
}

/** The normal equations of the whole, A w = b with (T·d)² entries. */
function normalEquations(tasks: readonly PlainTask[], k: number[][], penalties: Penalties) {
  const d = tasks[0]!.x[0]!.length;
  const width = d + (penalties.intercept ? 1 : 0);
  const size = tasks.length * width;
  const a = Array.from({ length: size }, () => new Array<number>(size).fill(0));
  const b = new Array<number>(size).fill(0);
  for (const [t, { x, y, weight = 1 }] of tasks.entries()) {
    for (const [r, row] of x.entries()) {
      const full = penalties.intercept ? [...row, 1] : row;
      for (let i = 0; i < width; i++) {
        b[t * width + i]! += 2 * weight * full[i]! * y[r]!;
        for (let j = 0; j < width; j++) a[t * width + i]![t * width + j]! += 2 * weight * full[i]! * full[j]!;
      }
    }
  }
  for (const [i, row] of k.entries()) {
    for (const [j, entry] of row.entries()) {
      for (let f = 0; f < width; f++) {
        a[i * width + f]![j * width + f]! += (f < d ? penalties.lambda : penalties.lambdaIntercept) * entry;
      }
    }
  }
  return { a, b, width };
}

/** The minimiser by one dense solve of the whole (T·d)² system. */
export function bruteForce(tasks: readonly PlainTask[], k: number[][], penalties: Penalties): number[][] {
  const { a, b, width } = normalEquations(tasks, k, penalties);
  const solution = solveDense(a, b);
  return tasks.map((_, t) => solution.slice(t * width, (t + 1) * width));
}

/**
 * By how much each entry of the minimiser may move where every number of A w = b moves by its last digit:
 * ε |A⁻¹| (|A| |w| + |b|) (R. D. Skeel, 1979). No solver can be closer.
 */
export function roundingOf(tasks: readonly PlainTask[], k: number[][], penalties: Penalties, w: number[]): number[] {
  const { a, b } = normalEquations(tasks, k, penalties);
  const moved = a.map((row, i) => row.reduce((sum, value, j) => sum + Math.abs(value * w[j]!), Math.abs(b[i]!)));
  const rows = b.map((_, i) =>
    solveDense(
      a,
      b.map((_, j) => (i === j ? 1 : 0)),
    ),
  );
  return rows.map((row) => Number.EPSILON * row.reduce((sum, value, j) => sum + Math.abs(value) * moved[j]!, 0));
}
