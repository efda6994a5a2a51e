/**
 * The smallest eigenvalue of a symmetric n × n matrix: Householder tridiagonalisation, then bisection on Sturm
 * sequences (Golub & Van Loan, Matrix Computations, 8.3 and 8.4). Exact to rounding of the largest eigenvalue.
 */
export function smallestEigenvalue(matrix: Float64Array, n: number): number {
  const { diagonal, squares } = tridiagonalise(matrix, n);
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < n; i++) {
    const radius = Math.sqrt(squares[i]!) + Math.sqrt(squares[i + 1] ?? 0);
    low = Math.min(low, diagonal[i]! - radius);
    high = Math.max(high, diagonal[i]! + radius);
  }
  const resolution = 2 * Number.EPSILON * Math.max(Math.abs(low), Math.abs(high));
  while (high - low > resolution) {
    const middle = low + (high - low) / 2;
    if (middle === low || middle === high) break;
    if (anyBelow(diagonal, squares, middle)) high = middle;
    else low = middle;
  }
  return low + (high - low) / 2;
}

/** Whether the tridiagonal matrix has an eigenvalue below `shift`: a negative pivot in its Sturm sequence. */
function anyBelow(diagonal: Float64Array, squares: Float64Array, shift: number): boolean {
  let pivot = 1;
  for (let i = 0; i < diagonal.length; i++) {
    pivot = diagonal[i]! - shift - (i === 0 ? 0 : squares[i]! / pivot);
    if (pivot < 0) return true;
    if (pivot === 0) pivot = Number.MIN_VALUE / Number.EPSILON;
  }
  return false;
}

/** The diagonal, and the squares of the entries beside it (squares[i] couples i − 1 and i). */
function tridiagonalise(matrix: Float64Array, n: number) {
  const a = matrix.slice();
  const diagonal = new Float64Array(n);
  const squares = new Float64Array(n);
  const v = new Float64Array(n);
  const p = new Float64Array(n);
  for (let last = n - 1; last > 0; last--) {
    let norm = 0;
    for (let k = 0; k < last; k++) norm = Math.hypot(norm, a[last * n + k]!);
    squares[last] = norm * norm;
    if (norm === 0) continue;
    for (let k = 0; k < last; k++) v[k] = a[last * n + k]! / norm;
    v[last - 1] = v[last - 1]! + (v[last - 1]! >= 0 ? 1 : -1);
    const half = Math.abs(v[last - 1]!);
    let projection = 0;
    for (let i = 0; i < last; i++) {
      let value = 0;
      for (let k = 0; k < last; k++) value += a[i * n + k]! * v[k]!;
      p[i] = value / half;
      projection += p[i]! * v[i]!;
    }
    const correction = projection / (2 * half);
    for (let i = 0; i < last; i++) p[i] = p[i]! - correction * v[i]!;
    for (let i = 0; i < last; i++) {
      for (let k = 0; k < last; k++) a[i * n + k] = a[i * n + k]! - v[i]! * p[k]! - p[i]! * v[k]!;
    }
  }
  for (let i = 0; i < n; i++) diagonal[i] = a[i * n + i]!;
  return { diagonal, squares };
}
