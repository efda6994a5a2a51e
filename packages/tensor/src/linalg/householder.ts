// Matrices here are stored column by column (column j from j·m on), so that every inner loop runs through memory.

/** Σ x[from…to]·y, of two columns of one length. */
export function dotRange(
  x: Float64Array,
  startX: number,
  y: Float64Array,
  startY: number,
  from: number,
  to: number,
): number {
  let total = 0;
  for (let k = from; k < to; k++) total += x[startX + k] * y[startY + k];
  return total;
}

/** y += factor·x over [from, to). */
export function addRange(
  factor: number,
  x: Float64Array,
  startX: number,
  y: Float64Array,
  startY: number,
  from: number,
  to: number,
): void {
  for (let k = from; k < to; k++) y[startY + k] += factor * x[startX + k];
}

/**
 * Householder's QR of an m × n matrix, m ≥ n (Golub and Van Loan, algorithms 5.1.1 and 5.2.1): the input is overwritten
 * with the n orthonormal columns of Q; R is returned row by row, its diagonal not negative.
 */
export function orthogonalize(a: Float64Array, m: number, n: number): Float64Array {
  const r = new Float64Array(n * n);
  const beta = new Float64Array(n);
  for (let j = 0; j < n; j++) {
    const at = j * m;
    const length = Math.sqrt(dotRange(a, at, a, at, j, m));
    for (let k = 0; k < j; k++) r[k * n + j] = a[at + k];
    if (length === 0) continue;
    // The reflection takes the column to −sign·length·e_j: of the two choices, the one without cancellation.
    const head = a[at + j];
    const target = head > 0 ? -length : length;
    r[j * n + j] = target;
    a[at + j] = head - target;
    beta[j] = 1 / (target * (target - head));
    for (let k = j + 1; k < n; k++) addRange(-beta[j] * dotRange(a, at, a, k * m, j, m), a, at, a, k * m, j, m);
  }
  // Q = H₀ H₁ …, built from the last reflection to the first, which need only the columns after them.
  for (let j = n - 1; j >= 0; j--) {
    const at = j * m;
    const v = a.slice(at, at + m);
    for (let k = j; k < n; k++) {
      if (k === j) {
        a.fill(0, at, at + m);
        a[at + j] = 1;
      }
      addRange(-beta[j] * dotRange(v, 0, a, k * m, j, m), v, 0, a, k * m, j, m);
    }
  }
  for (let j = 0; j < n; j++)
    if (r[j * n + j] < 0) {
      for (let k = j; k < n; k++) r[j * n + k] = -r[j * n + k];
      for (let k = 0; k < m; k++) a[j * m + k] = -a[j * m + k];
    }
  return r;
}
