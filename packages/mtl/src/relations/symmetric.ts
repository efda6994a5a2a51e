import { matrixOf } from "../data/arrays.js";
import type { MatrixLike } from "../data/tasks.js";
import { InputError } from "../errors.js";

/** Asymmetry and negative eigenvalues up to this share of the largest entry are taken for rounding. */
export const rounding = 1e-10;

export interface SymmetricMatrix {
  /** Row-major, symmetric to the bit. */
  readonly data: Float64Array;
  readonly size: number;
  /** The largest entry's size. */
  readonly largest: number;
}

/** @throws InputError, beginning with `what`, for a matrix that is not square, not finite or not symmetric. */
export function symmetricOf(matrix: MatrixLike, what: string): SymmetricMatrix {
  const { data, rows, columns } = matrixOf(matrix, what);
  if (rows !== columns || rows === 0) {
    throw new InputError(`${what} must be square, its shape is [${rows}, ${columns}]`);
  }
  const size = rows;
  let largest = 0;
  for (const [index, value] of data.entries()) {
    if (!Number.isFinite(value)) {
      throw new InputError(`${what}[${Math.floor(index / size)}, ${index % size}] is ${value}`);
    }
    largest = Math.max(largest, Math.abs(value));
  }
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < i; j++) {
      const [lower, upper] = [data[i * size + j]!, data[j * size + i]!];
      if (Math.abs(lower - upper) > rounding * largest) {
        throw new InputError(
          `${what} is not symmetric, entry [${i}, ${j}] = ${lower} and [${j}, ${i}] = ${upper}; use its mean with its transpose?`,
        );
      }
      const value = lower / 2 + upper / 2;
      data[i * size + j] = value;
      data[j * size + i] = value;
    }
  }
  return { data, size, largest };
}
