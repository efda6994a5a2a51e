import { InputError } from "../errors.js";

/** A Gramian as lengths and cosines: g_i = norms_i · u_i and cosines_ij = ⟨u_i, u_j⟩, m × m. */
export interface Normalised {
  readonly tasks: number;
  readonly norms: Float64Array;
  /** Exactly 1 on the diagonal, 0 in the row and the column of a gradient that is zero. */
  readonly cosines: Float64Array;
}

/**
 * Takes the lengths out of a Gramian, so that solvers see numbers of order 1 whatever the scale of the losses.
 * @throws InputError for a matrix that is not square, for values that are not finite, for a negative diagonal.
 */
export function normalise(name: string, gramian: Float64Array): Normalised {
  const tasks = taskCount(name, gramian);
  const norms = new Float64Array(tasks);
  for (let i = 0; i < tasks; i++) {
    const square = gramian[i * tasks + i]!;
    if (!(square >= 0 && square < Number.POSITIVE_INFINITY))
      throw new InputError(
        `${name}: the squared length of the gradient of task ${i} is ${square}; look for infinities and overflow in its loss`,
      );
    norms[i] = Math.sqrt(square);
  }
  const cosines = new Float64Array(tasks * tasks);
  for (let i = 0; i < tasks; i++) {
    cosines[i * tasks + i] = 1;
    for (let j = 0; j < i; j++) {
      const length = norms[i]! * norms[j]!;
      const cosine = length > 0 ? gramian[i * tasks + j]! / length : 0;
      if (Number.isNaN(cosine))
        throw new InputError(`${name}: the product of the gradients of tasks ${j} and ${i} is not a number`);
      // Rounding may lead a hair outside [−1, 1].
      const bounded = Math.max(-1, Math.min(1, cosine));
      cosines[i * tasks + j] = bounded;
      cosines[j * tasks + i] = bounded;
    }
  }
  return { tasks, norms, cosines };
}

/** m of an m × m matrix. */
export function taskCount(name: string, gramian: ArrayLike<number>): number {
  const tasks = Math.round(Math.sqrt(gramian.length));
  if (tasks < 1 || tasks * tasks !== gramian.length)
    throw new InputError(
      `${name}: expected the m × m inner products of m ≥ 1 gradients, found ${gramian.length} numbers`,
    );
  return tasks;
}

/** y = A x for a row-major square matrix. */
export function multiply(a: Float64Array, x: Float64Array): Float64Array {
  const n = x.length;
  const y = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let total = 0;
    for (let j = 0; j < n; j++) total += a[i * n + j]! * x[j]!;
    y[i] = total;
  }
  return y;
}

export function dotProduct(x: Float64Array, y: Float64Array): number {
  let total = 0;
  for (let i = 0; i < x.length; i++) total += x[i]! * y[i]!;
  return total;
}

/** Weights of the gradients from weights of their directions: β_i / |g_i|, and 0 for a gradient that is zero. */
export const perLength = (beta: Float64Array, norms: Float64Array): Float64Array =>
  beta.map((value, i) => (norms[i]! > 0 ? value / norms[i]! : 0));
