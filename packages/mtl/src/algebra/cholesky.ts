/**
 * Replaces the lower triangle of the symmetric n × n matrix at `offset` by its Cholesky factor.
 * Returns −1, or the row whose pivot shows that the matrix is not positive definite in float64:
 * a pivot that lost all of its digits to cancellation counts as zero.
 */
export function choleskyInPlace(a: Float64Array, n: number, offset = 0): number {
  const tolerance = 4 * (n + 1) * Number.EPSILON;
  for (let i = 0; i < n; i++) {
    const rowI = offset + i * n;
    for (let j = 0; j < i; j++) {
      const rowJ = offset + j * n;
      let value = a[rowI + j]!;
      for (let k = 0; k < j; k++) value -= a[rowI + k]! * a[rowJ + k]!;
      a[rowI + j] = value / a[rowJ + j]!;
    }
    const original = a[rowI + i]!;
    let pivot = original;
    for (let k = 0; k < i; k++) pivot -= a[rowI + k]! * a[rowI + k]!;
    if (!(pivot > tolerance * original)) return i;
    a[rowI + i] = Math.sqrt(pivot);
  }
  return -1;
}

/** Solves L Lᵀ x = b in place of b, L the lower triangle at `offset`. */
export function solveCholesky(l: Float64Array, n: number, b: Float64Array, offset = 0, start = 0): void {
  for (let i = 0; i < n; i++) {
    const row = offset + i * n;
    let value = b[start + i]!;
    for (let k = 0; k < i; k++) value -= l[row + k]! * b[start + k]!;
    b[start + i] = value / l[row + i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    const row = offset + i * n;
    const value = b[start + i]! / l[row + i]!;
    b[start + i] = value;
    for (let k = 0; k < i; k++) b[start + k] = b[start + k]! - l[row + k]! * value;
  }
}

/**
 * Replaces a Cholesky factor by the inverse (L Lᵀ)⁻¹, both triangles, in about n³/3 multiply-adds.
 * `scratch` holds n² numbers.
 */
export function invertCholesky(l: Float64Array, n: number, scratch: Float64Array, offset = 0): void {
  for (let i = 0; i < n; i++) {
    const row = i * n;
    const pivot = 1 / l[offset + row + i]!;
    for (let j = 0; j < i; j++) scratch[row + j] = 0;
    for (let k = 0; k < i; k++) {
      const factor = l[offset + row + k]! * pivot;
      const rowK = k * n;
      for (let j = 0; j <= k; j++) scratch[row + j] = scratch[row + j]! - factor * scratch[rowK + j]!;
    }
    scratch[row + i] = pivot;
  }
  l.fill(0, offset, offset + n * n);
  for (let k = 0; k < n; k++) {
    const rowK = k * n;
    for (let i = 0; i <= k; i++) {
      const factor = scratch[rowK + i]!;
      const row = offset + i * n;
      for (let j = 0; j <= i; j++) l[row + j] = l[row + j]! + factor * scratch[rowK + j]!;
    }
  }
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) l[offset + j * n + i] = l[offset + i * n + j]!;
  }
}
