import { addOuterProducts } from "../algebra/outer-products.js";
import { InputError } from "../errors.js";
import type { Design } from "./design.js";

/** All the objective needs to know of the data. With an intercept, x has a last column of ones. */
export interface Grams {
  readonly tasks: number;
  /** d, or d + 1 with an intercept. */
  readonly width: number;
  /** α XᵀX of each task, [tasks, width, width]. */
  readonly matrices: Float64Array;
  /** α Xᵀy of each task, [tasks, width]. */
  readonly moments: Float64Array;
  /** α yᵀy of each task. */
  readonly squares: Float64Array;
}

export function emptyGrams(tasks: number, width: number): Grams {
  return {
    tasks,
    width,
    matrices: new Float64Array(tasks * width * width),
    moments: new Float64Array(tasks * width),
    squares: new Float64Array(tasks),
  };
}

/**
 * One set of Gram matrices a fold (all in the first if `folds` is not given), so that any union of folds is a sum,
 * free of the cancellation that taking a fold away from the total would bring.
 */
export function gramsByFold(design: Design, intercept: boolean, folds: number, foldOf: readonly Int32Array[]): Grams[] {
  const { features, starts, taskWeights } = design;
  const width = features + (intercept ? 1 : 0);
  const tasks = starts.length - 1;
  const sets = Array.from({ length: folds }, () => emptyGrams(tasks, width));
  const wide = width + 1;
  const product = new Float64Array(wide * wide);
  // One buffer for all tasks: many small ones cost more than the products.
  let longest = 0;
  for (let task = 0; task < tasks; task++) longest = Math.max(longest, starts[task + 1]! - starts[task]!);
  const rows = new Float64Array(longest * wide);
  const weights = new Float64Array(longest);
  for (let task = 0; task < tasks; task++) {
    weights.fill(taskWeights[task]!);
    for (let fold = 0; fold < folds; fold++) {
      const filled = packRows(design, task, width, foldOf[task], fold, rows);
      product.fill(0);
      addOuterProducts(rows, weights, 0, filled, wide, product);
      unpackProduct(product, sets[fold]!, task);
    }
  }
  return sets;
}

/**
 * Rows of [x, 1, y], those of one fold: one symmetric product of them holds the Gram matrix, the moments and the
 * square of y. Returns how many there are.
 */
function packRows(
  { features, starts, x, y }: Design,
  task: number,
  width: number,
  foldOf: Int32Array | undefined,
  fold: number,
  rows: Float64Array,
): number {
  const start = starts[task]!;
  const end = starts[task + 1]!;
  let filled = 0;
  for (let row = start; row < end; row++) {
    if (foldOf !== undefined && foldOf[row - start] !== fold) continue;
    const from = row * features;
    const at = filled * (width + 1);
    for (let k = 0; k < features; k++) rows[at + k] = x[from + k]!;
    if (width > features) rows[at + features] = 1;
    rows[at + width] = y[row]!;
    filled++;
  }
  return filled;
}

function unpackProduct(product: Float64Array, { width, matrices, moments, squares }: Grams, task: number): void {
  const wide = width + 1;
  const to = task * width * width;
  for (let i = 0; i < width; i++) {
    for (let j = 0; j <= i; j++) {
      const value = product[i * wide + j]!;
      matrices[to + i * width + j] = value;
      matrices[to + j * width + i] = value;
    }
    moments[task * width + i] = product[width * wide + i]!;
  }
  squares[task] = product[wide * wide - 1]!;
}

export function sumGrams(sets: readonly Grams[]): Grams {
  const total = emptyGrams(sets[0]!.tasks, sets[0]!.width);
  for (const set of sets) {
    for (const key of ["matrices", "moments", "squares"] as const) addInto(total[key], set[key]);
  }
  return total;
}

function addInto(to: Float64Array, from: Float64Array): void {
  for (let i = 0; i < to.length; i++) to[i] = to[i]! + from[i]!;
}

/** All tasks as if they were one. */
export function poolGrams({ tasks, width, matrices, moments, squares }: Grams): Grams {
  const pooled = emptyGrams(1, width);
  for (let task = 0; task < tasks; task++) {
    for (let i = 0; i < width * width; i++) pooled.matrices[i]! += matrices[task * width * width + i]!;
    for (let i = 0; i < width; i++) pooled.moments[i]! += moments[task * width + i]!;
    pooled.squares[0]! += squares[task]!;
  }
  return pooled;
}

/** @throws InputError that names a task whose squares leave float64's range. */
export function requireFiniteGrams(
  { tasks, width, matrices, moments, squares }: Grams,
  names: readonly string[],
): void {
  for (let task = 0; task < tasks; task++) {
    let sum = squares[task]!;
    for (let i = 0; i < width; i++) sum += Math.abs(matrices[(task * width + i) * width + i]!);
    for (let i = 0; i < width; i++) sum += Math.abs(moments[task * width + i]!);
    if (!Number.isFinite(sum)) {
      throw new InputError(
        `the squares of task "${names[task]}" overflow float64; rescale its features and target to about 1`,
      );
    }
  }
}
