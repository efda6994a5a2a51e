/*
 * Small dense factorisations in two-by-two tiles: four sums share their operands, which halves the loads and hides
 * the latency of additions. An odd n has its first row and column done alone.
 */

import { dot } from "./dot.js";

/** A pivot of n unknowns that lost all of its digits to cancellation: at most this part of what it was taken from. */
export const lost = (n: number): number => 4 * (n + 1) * Number.EPSILON;

/**
 * Replaces the lower triangle of the symmetric n × n matrix at `offset` by its Cholesky factor.
 * Returns −1, or the row whose pivot shows that the matrix is not positive definite in float64:
 * a pivot that lost all of its digits to cancellation counts as zero.
 */
export function choleskyInPlace(a: Float64Array, n: number, offset = 0): number {
  const tolerance = lost(n);
  const odd = n & 1;
  if (odd === 1) {
    if (!(a[offset]! > 0)) return 0;
    a[offset] = Math.sqrt(a[offset]!);
  }
  for (let i = odd; i < n; i += 2) {
    const p = offset + i * n;
    const pp = p + n;
    if (odd === 1) {
      a[p] = a[p]! / a[offset]!;
      a[pp] = a[pp]! / a[offset]!;
    }
    for (let j = odd; j < i; j += 2) {
      const q = offset + j * n;
      const qq = q + n;
      let s00 = a[p + j]!;
      let s01 = a[p + j + 1]!;
      let s10 = a[pp + j]!;
      let s11 = a[pp + j + 1]!;
      for (let k = 0; k < j; k++) {
        const left = a[p + k]!;
        const below = a[pp + k]!;
        const right = a[q + k]!;
        const beside = a[qq + k]!;
        s00 -= left * right;
        s01 -= left * beside;
        s10 -= below * right;
        s11 -= below * beside;
      }
      s00 /= a[q + j]!;
      s10 /= a[q + j]!;
      a[p + j] = s00;
      a[pp + j] = s10;
      a[p + j + 1] = (s01 - s00 * a[qq + j]!) / a[qq + j + 1]!;
      a[pp + j + 1] = (s11 - s10 * a[qq + j]!) / a[qq + j + 1]!;
    }
    const first = a[p + i]!;
    const second = a[pp + i + 1]!;
    let s00 = first;
    let s10 = a[pp + i]!;
    let s11 = second;
    for (let k = 0; k < i; k++) {
      const left = a[p + k]!;
      const below = a[pp + k]!;
      s00 -= left * left;
      s10 -= below * left;
      s11 -= below * below;
    }
    if (!(s00 > tolerance * first)) return i;
    s00 = Math.sqrt(s00);
    s10 /= s00;
    s11 -= s10 * s10;
    if (!(s11 > tolerance * second)) return i + 1;
    a[p + i] = s00;
    a[pp + i] = s10;
    a[pp + i + 1] = Math.sqrt(s11);
  }
  return -1;
}

/** Solves L Lᵀ x = b in place of b, L the lower triangle at `offset`. */
export function solveCholesky(l: Float64Array, n: number, b: Float64Array, offset = 0, start = 0): void {
  const odd = n & 1;
  if (odd === 1) b[start] = b[start]! / l[offset]!;
  for (let i = odd; i < n; i += 2) {
    const p = offset + i * n;
    const pp = p + n;
    let s0 = b[start + i]!;
    let s1 = b[start + i + 1]!;
    let even0 = 0;
    let even1 = 0;
    let k = 0;
    for (; k + 1 < i; k += 2) {
      const first = b[start + k]!;
      const second = b[start + k + 1]!;
      s0 -= l[p + k]! * first;
      s1 -= l[pp + k]! * first;
      even0 -= l[p + k + 1]! * second;
      even1 -= l[pp + k + 1]! * second;
    }
    if (k < i) {
      s0 -= l[p + k]! * b[start + k]!;
      s1 -= l[pp + k]! * b[start + k]!;
    }
    const value = (s0 + even0) / l[p + i]!;
    b[start + i] = value;
    b[start + i + 1] = (s1 + even1 - l[pp + i]! * value) / l[pp + i + 1]!;
  }
  for (let i = n - 2; i >= odd; i -= 2) {
    const p = offset + i * n;
    const pp = p + n;
    const second = b[start + i + 1]! / l[pp + i + 1]!;
    const first = (b[start + i]! - l[pp + i]! * second) / l[p + i]!;
    b[start + i + 1] = second;
    b[start + i] = first;
    for (let k = 0; k < i; k++) b[start + k] = b[start + k]! - (l[p + k]! * first + l[pp + k]! * second);
  }
  if (odd === 1) b[start] = b[start]! / l[offset]!;
}

/**
 * The pivot of one more row behind the n of the factor at `offset`, at least 0: its n entries in other columns and its
 * own stand in `row` from `start` on. `scratch` holds n numbers.
 */
export function nextPivot(
  l: Float64Array,
  n: number,
  row: Float64Array,
  start: number,
  scratch: Float64Array,
  offset = 0,
): number {
  let pivot = row[start + n]!;
  for (let i = 0; i < n; i++) {
    let value = row[start + i]!;
    for (let k = 0; k < i; k++) value -= l[offset + i * n + k]! * scratch[k]!;
    value /= l[offset + i * n + i]!;
    scratch[i] = value;
    pivot -= value * value;
  }
  return Math.max(0, pivot);
}

/**
 * Whether an unknown of n is undetermined in float64, from a_ii and (A⁻¹)_ii: eliminated last, its pivot is
 * 1 / (A⁻¹)_ii. Factoring tries one order only, and there rounding hides a combination in which the last unknowns have
 * little part.
 */
export const isUndetermined = (n: number, own: number, ownOfInverse: number): boolean =>
  !(own * ownOfInverse * lost(n) < 1);

/**
 * Returns −1, or the row that is least determined by the matrix of the Cholesky factor at `offset`, where its pivot
 * loses all of its digits. Inverse iteration, scaled to a diagonal of ones, finds the combination z that is undetermined
 * most, by μ: a_ii (A⁻¹)_ii is about μ z_i². Where digits are lost, two rounds find it.
 */
function leastDetermined(l: Float64Array, n: number, offset = 0): number {
  const scales = Float64Array.from({ length: n }, (_, i) =>
    Math.sqrt(dot(l, offset + i * n, l, offset + i * n, i + 1)),
  );
  const lengthOf = (x: Float64Array) => Math.sqrt(dot(x, 0, x, 0, n));
  // From entries without a pattern, to which no z is orthogonal.
  let z = scales.map((_, i) => 1 + (((i + 1) * 0.618) % 1));
  for (let round = 0; round < 2; round++) {
    const length = lengthOf(z);
    const solved = z.map((entry, i) => (entry / length) * scales[i]!);
    solveCholesky(l, n, solved, offset);
    z = solved.map((entry, i) => entry * scales[i]!);
  }
  let worst = 0;
  for (let i = 1; i < n; i++) if (Math.abs(z[i]!) > Math.abs(z[worst]!)) worst = i;
  return isUndetermined(n, Math.abs(z[worst]!), Math.abs(z[worst]!) / lengthOf(z)) ? worst : -1;
}

/** Factors as `choleskyInPlace` does; returns −1, or a row of a combination of unknowns that is left undetermined. */
export function factorDetermined(a: Float64Array, n: number, offset = 0): number {
  const failed = choleskyInPlace(a, n, offset);
  return failed >= 0 ? failed : leastDetermined(a, n, offset);
}

/**
 * Replaces a Cholesky factor by the inverse (L Lᵀ)⁻¹, both triangles, in about n³/3 multiply-adds.
 * `scratch` holds n² numbers.
 */
export function invertCholesky(l: Float64Array, n: number, scratch: Float64Array, offset = 0): void {
  invertTriangle(l, n, scratch, offset);
  multiplyTriangle(scratch, n, l, offset);
}

/** Writes the transpose of L⁻¹ into `y`, so that its columns can be read along. */
function invertTriangle(l: Float64Array, n: number, y: Float64Array, offset: number): void {
  const odd = n & 1;
  if (odd === 1) y[0] = 1 / l[offset]!;
  for (let i = odd; i < n; i += 2) {
    const p = offset + i * n;
    const pp = p + n;
    const first = 1 / l[p + i]!;
    const second = 1 / l[pp + i + 1]!;
    const beside = l[pp + i]!;
    if (odd === 1) {
      let s0 = 0;
      let s1 = 0;
      for (let k = 0; k < i; k++) {
        s0 += l[p + k]! * y[k]!;
        s1 += l[pp + k]! * y[k]!;
      }
      y[i] = -s0 * first;
      y[i + 1] = -(s1 + beside * y[i]!) * second;
    }
    for (let j = odd; j < i; j += 2) {
      const q = j * n;
      const qq = q + n;
      let s00 = 0;
      let s01 = 0;
      let s10 = 0;
      let s11 = 0;
      for (let k = j; k < i; k++) {
        const above = l[p + k]!;
        const below = l[pp + k]!;
        const left = y[q + k]!;
        const right = y[qq + k]!;
        s00 += above * left;
        s01 += above * right;
        s10 += below * left;
        s11 += below * right;
      }
      s00 *= -first;
      s01 *= -first;
      y[q + i] = s00;
      y[qq + i] = s01;
      y[q + i + 1] = -(s10 + beside * s00) * second;
      y[qq + i + 1] = -(s11 + beside * s01) * second;
    }
    y[i * n + i] = first;
    y[i * n + i + 1] = -beside * first * second;
    y[i * n + n + i] = 0;
    y[i * n + n + i + 1] = second;
  }
}

/** out = Y Yᵀ, Y upper triangular: entry (i, j) sums over k ≥ max(i, j). */
function multiplyTriangle(y: Float64Array, n: number, out: Float64Array, offset: number): void {
  const odd = n & 1;
  if (odd === 1) {
    for (let i = 0; i < n; i++) {
      let value = 0;
      for (let k = i; k < n; k++) value += y[i * n + k]! * y[k]!;
      out[offset + i * n] = value;
      out[offset + i] = value;
    }
  }
  for (let i = odd; i < n; i += 2) {
    const p = i * n;
    const pp = p + n;
    for (let j = odd; j <= i; j += 2) {
      const q = j * n;
      const qq = q + n;
      let s00 = 0;
      let s01 = 0;
      let s10 = 0;
      let s11 = 0;
      for (let k = i; k < n; k++) {
        const above = y[p + k]!;
        const below = y[pp + k]!;
        const left = y[q + k]!;
        const right = y[qq + k]!;
        s00 += above * left;
        s01 += above * right;
        s10 += below * left;
        s11 += below * right;
      }
      const to = offset + p + j;
      out[to] = s00;
      out[to + 1] = s01;
      out[to + n] = s10;
      out[to + n + 1] = s11;
      const mirrored = offset + q + i;
      out[mirrored] = s00;
      out[mirrored + n] = s01;
      out[mirrored + 1] = s10;
      out[mirrored + n + 1] = s11;
    }
  }
}
