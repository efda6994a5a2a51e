import { eigh, tensor } from "@kinship/tensor";
import { multiply } from "../normalise.js";

export interface Eigen {
  /** Ascending. */
  readonly values: Float64Array;
  /** Row-major, eigenvectors as columns. */
  readonly vectors: Float64Array;
}

/** Eigenvalues and eigenvectors of a symmetric matrix of tasks. */
export function symmetricEigen(a: Float64Array): Eigen {
  const n = Math.sqrt(a.length);
  const { values, vectors } = eigh(tensor(a, { shape: [n, n] }));
  return { values: values.toTypedArray() as Float64Array, vectors: vectors.toTypedArray() as Float64Array };
}

/** Eigenvalues below this part of the largest are zero but for rounding. */
export const rankTolerance = (n: number): number => 16 * n * Number.EPSILON;

/** V f(Λ) Vᵀ x, with f taken only where the eigenvalue is not zero but for rounding. */
export function spectral(a: Float64Array, x: Float64Array, f: (eigenvalue: number) => number): Float64Array {
  const n = x.length;
  const { values, vectors } = symmetricEigen(a);
  const least = rankTolerance(n) * values[n - 1]!;
  const y = new Float64Array(n);
  for (let k = 0; k < n; k++) {
    if (!(values[k]! > least)) continue;
    let coefficient = 0;
    for (let i = 0; i < n; i++) coefficient += vectors[i * n + k]! * x[i]!;
    coefficient *= f(values[k]!);
    for (let i = 0; i < n; i++) y[i] = y[i]! + coefficient * vectors[i * n + k]!;
  }
  return y;
}

/** A⁺ x for a symmetric positive semi-definite A: the smallest y that minimises |A y − x|. */
export function pseudoSolve(a: Float64Array, x: Float64Array): Float64Array {
  if (x.length === 2) return pseudoSolvePair(a, x);
  return spectral(a, x, (eigenvalue) => 1 / eigenvalue);
}

/** Two tasks are the most frequent case, and their cosines [[1, c], [c, 1]] have the eigenvectors (1, ±1). */
function pseudoSolvePair(a: Float64Array, x: Float64Array): Float64Array {
  if (a[0] !== 1 || a[3] !== 1) return spectral(a, x, (eigenvalue) => 1 / eigenvalue);
  const part = (sum: number, eigenvalue: number) => (eigenvalue > rankTolerance(2) ? sum / (2 * eigenvalue) : 0);
  const even = part(x[0]! + x[1]!, 1 + a[1]!);
  const odd = part(x[0]! - x[1]!, 1 - a[1]!);
  return Float64Array.of(even + odd, even - odd);
}

/** |A y − x|∞ relative to |x|∞: 0 where x lies in the range of A. */
export function solveResidual(a: Float64Array, y: Float64Array, x: Float64Array): number {
  const product = multiply(a, y);
  let worst = 0;
  let size = Number.MIN_VALUE;
  for (let i = 0; i < x.length; i++) {
    worst = Math.max(worst, Math.abs(product[i]! - x[i]!));
    size = Math.max(size, Math.abs(x[i]!));
  }
  return worst / size;
}
