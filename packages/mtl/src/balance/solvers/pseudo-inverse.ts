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
  if (n === 2) return eigenOfPair(a);
  const { values, vectors } = eigh(tensor(a, { shape: [n, n] }));
  return { values: values.toTypedArray() as Float64Array, vectors: vectors.toTypedArray() as Float64Array };
}

/** Two tasks are the most frequent case: one rotation (Golub and Van Loan, Matrix Computations, algorithm 8.4.1). */
function eigenOfPair(a: Float64Array): Eigen {
  const [p, q, r] = [a[0]!, a[1]!, a[3]!];
  const tau = (r - p) / (2 * q);
  const tangent = q === 0 ? 0 : (tau < 0 ? -1 : 1) / (Math.abs(tau) + Math.hypot(1, tau));
  const cosine = 1 / Math.hypot(1, tangent);
  const sine = tangent * cosine;
  const [first, second] = [p - tangent * q, r + tangent * q];
  return first <= second
    ? { values: Float64Array.of(first, second), vectors: Float64Array.of(cosine, sine, -sine, cosine) }
    : { values: Float64Array.of(second, first), vectors: Float64Array.of(sine, cosine, cosine, -sine) };
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
export const pseudoSolve = (a: Float64Array, x: Float64Array): Float64Array =>
  spectral(a, x, (eigenvalue) => 1 / eigenvalue);

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
