import { diagonaliseByRotations } from "./jacobi.js";
import { multiplyRows } from "./multiply-rows.js";
import { addOuterProducts } from "./outer-products.js";

/** So many decompositions may start from the rotation of the one before: longer, and rounding adds up in it. */
const lifetime = 64;
/** Inner products below this share of (largest value · larger of the two) are rounding of Q M. */
const orthogonal = 1e-14;
/** Values below this share of the largest are lost in M Mᵀ: their rounding would be more than 1e-12 of the largest. */
const visible = 1e-4;

/** Singular values and vectors of one matrix after another, all [rows, columns] and changing little. */
export interface Spectrum {
  /** min(rows, columns) singular values of the matrix last decomposed, in no order. */
  readonly values: Float64Array;
  /**
   * Values below `bound`, a share of the largest, cost twice the work to have right to more than 1e-8 of the largest:
   * that is left out where `enough`, told of the values so found, says so. The matrix is read again by `rebuild`: it
   * must not change in between.
   */
  decompose(matrix: Float64Array, enough?: (values: Float64Array, bound: number) => boolean): Float64Array;
  /** out = U diag(values) Vᵀ with other values for the decomposed matrix's own; `out` may be it. A zero stays zero. */
  rebuild(values: Float64Array, out: Float64Array): void;
}

/**
 * Rotations Q diagonalise M Mᵀ, starting from the last Q: a matrix of the smaller side, whose values are as exact as the
 * least is visible in it. Where it is not, A = Q M is formed and its rows made orthogonal, as often as need be: then
 * small singular values keep their digits, as in one-sided Jacobi (Demmel & Veselić, Jacobi's method is more accurate
 * than QR, 1992).
 */
export function createSpectrum(rows: number, columns: number): Spectrum {
  const wide = rows <= columns;
  const m = wide ? rows : columns;
  const n = wide ? columns : rows;
  const a = new Float64Array(m * n);
  const q = new Float64Array(m * m);
  const gram = new Float64Array(m * m);
  const half = new Float64Array(m * m);
  const values = new Float64Array(m);
  const ones = new Float64Array(n).fill(1);
  const map = new Float64Array(m * m);
  const row = new Float64Array(m);
  let source: Float64Array = a;
  let rotated = false;
  let age = lifetime;

  function decompose(matrix: Float64Array, enough?: (values: Float64Array, bound: number) => boolean): Float64Array {
    if (age++ >= lifetime) {
      age = 0;
      q.fill(0);
      for (let i = 0; i < m; i++) q[i * m + i] = 1;
    }
    source = matrix;
    rotated = false;
    const bound = decomposeSquare(matrix);
    const blind = !(bound > 0) || values.some((value) => value < bound);
    if (blind && !(bound > 0 && enough?.(values, bound))) decomposeRows(matrix);
    return values;
  }

  /** By Q M Mᵀ Qᵀ. Returns the bound below which values are lost; NaN or 0 where all are. */
  function decomposeSquare(matrix: Float64Array): number {
    if (wide) for (let i = 0; i < m; i++) multiplyRows(matrix, 0, i + 1, n, matrix, i * n, half, i * m);
    else {
      half.fill(0);
      addOuterProducts(matrix, ones, 0, n, m, half);
    }
    mirror(half);
    // Symmetric, so that its rows are its columns: gram = (half Qᵀ)ᵀ Qᵀ.
    for (let i = 0; i < m; i++) multiplyRows(half, 0, m, m, q, i * m, map, i * m);
    for (let i = 0; i < m; i++) multiplyRows(q, 0, i + 1, m, map, i * m, gram, i * m);
    mirror(gram);
    diagonaliseByRotations(gram, q, m, Number.EPSILON);
    let largest = 0;
    for (let i = 0; i < m; i++) {
      values[i] = Math.sqrt(Math.max(0, gram[i * m + i]!));
      largest = Math.max(largest, values[i]!);
    }
    return largest < Number.POSITIVE_INFINITY ? visible * largest : Number.NaN;
  }

  function mirror(square: Float64Array): void {
    for (let i = 0; i < m; i++) for (let k = 0; k < i; k++) square[k * m + i] = square[i * m + k]!;
  }

  function decomposeRows(matrix: Float64Array): void {
    rotated = true;
    for (let round = 0; round < 8; round++) {
      rotateRows(matrix);
      for (let i = 0; i < m; i++) multiplyRows(a, 0, i + 1, n, a, i * n, gram, i * m);
      for (let i = 0; i < m; i++) values[i] = Math.sqrt(gram[i * m + i]!);
      mirror(gram);
      if (isOrthogonal()) break;
      diagonaliseByRotations(gram, q, m, 0);
    }
  }

  /** a = Q M, or Q Mᵀ where the matrix is tall. */
  function rotateRows(matrix: Float64Array): void {
    if (!wide) {
      for (let i = 0; i < m; i++) multiplyRows(matrix, 0, n, m, q, i * m, a, i * n);
      return;
    }
    a.fill(0);
    for (let i = 0; i < m; i++) {
      for (let k = 0; k < m; k++) {
        const factor = q[i * m + k]!;
        if (factor !== 0) for (let j = 0; j < n; j++) a[i * n + j] = a[i * n + j]! + factor * matrix[k * n + j]!;
      }
    }
  }

  function isOrthogonal(): boolean {
    const largest = values.reduce((most, value) => Math.max(most, value), 0);
    for (let i = 0; i < m; i++) {
      for (let k = 0; k < i; k++) {
        const scale = largest * Math.max(values[i]!, values[k]!);
        if (Math.abs(gram[i * m + k]!) > orthogonal * scale) return false;
      }
    }
    return true;
  }

  function rebuild(other: Float64Array, out: Float64Array): void {
    if (rotated) rebuildFromRows(other, out);
    else multiplyMap(other, out);
  }

  /** out = F M, or M F where the matrix is tall, with F = Qᵀ diag(other/values) Q. */
  function multiplyMap(other: Float64Array, out: Float64Array): void {
    map.fill(0);
    for (let i = 0; i < m; i++) {
      if (other[i] === 0 || values[i] === 0) continue;
      const scale = other[i]! / values[i]!;
      for (let k = 0; k < m; k++) {
        const factor = scale * q[i * m + k]!;
        const to = k * m;
        for (let l = 0; l <= k; l++) map[to + l] = map[to + l]! + factor * q[i * m + l]!;
      }
    }
    mirror(map);
    if (!wide) {
      for (let t = 0; t < n; t++) {
        multiplyRows(map, 0, m, m, source, t * m, row, 0);
        for (let k = 0; k < m; k++) out[t * m + k] = row[k]!;
      }
      return;
    }
    const copy = out === source ? source.slice() : source;
    out.fill(0);
    for (let i = 0; i < m; i++) {
      for (let k = 0; k < m; k++) {
        const factor = map[i * m + k]!;
        if (factor !== 0) for (let j = 0; j < n; j++) out[i * n + j] = out[i * n + j]! + factor * copy[k * n + j]!;
      }
    }
  }

  function rebuildFromRows(other: Float64Array, out: Float64Array): void {
    out.fill(0);
    for (let i = 0; i < m; i++) {
      if (other[i] === 0 || values[i] === 0) continue;
      const scale = other[i]! / values[i]!;
      if (wide) {
        for (let k = 0; k < m; k++) {
          const factor = scale * q[i * m + k]!;
          for (let j = 0; j < n; j++) out[k * n + j] = out[k * n + j]! + factor * a[i * n + j]!;
        }
      } else {
        for (let j = 0; j < n; j++) {
          const factor = scale * a[i * n + j]!;
          for (let k = 0; k < m; k++) out[j * m + k] = out[j * m + k]! + factor * q[i * m + k]!;
        }
      }
    }
  }

  return { values, decompose, rebuild };
}
