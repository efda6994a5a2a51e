import { multiplyRows } from "./multiply-rows.js";

/** So many decompositions may start from the rotation of the one before: longer, and rounding adds up in it. */
const lifetime = 64;
/** Inner products below this share of (largest value · larger of the two) are rounding of Q M. */
const orthogonal = 1e-14;

/** Singular values and vectors of one matrix after another, all [rows, columns] and changing little. */
export interface Spectrum {
  /** min(rows, columns) singular values of the matrix last decomposed, in no order. */
  readonly values: Float64Array;
  decompose(matrix: Float64Array): Float64Array;
  /** out = U diag(values) Vᵀ with other values for the decomposed matrix's own. A zero stays zero. */
  rebuild(values: Float64Array, out: Float64Array): void;
}

/**
 * A = Q M is made to have orthogonal rows by rotations Q that diagonalise A Aᵀ, and is then formed again from M and
 * checked, as often as need be: the speed of the small matrix, and small singular values keep their digits, as in
 * one-sided Jacobi (Demmel & Veselić, Jacobi's method is more accurate than QR, 1992). Starts from the last Q.
 */
export function createSpectrum(rows: number, columns: number): Spectrum {
  const wide = rows <= columns;
  const m = wide ? rows : columns;
  const n = wide ? columns : rows;
  const a = new Float64Array(m * n);
  const q = new Float64Array(m * m);
  const gram = new Float64Array(m * m);
  const values = new Float64Array(m);
  let age = lifetime;

  function decompose(matrix: Float64Array): Float64Array {
    if (age++ >= lifetime) {
      age = 0;
      q.fill(0);
      for (let i = 0; i < m; i++) q[i * m + i] = 1;
    }
    for (let round = 0; round < 8; round++) {
      rotateRows(matrix);
      for (let i = 0; i < m; i++) multiplyRows(a, 0, i + 1, n, a, i * n, gram, i * m);
      for (let i = 0; i < m; i++) {
        values[i] = Math.sqrt(gram[i * m + i]!);
        for (let k = 0; k < i; k++) gram[k * m + i] = gram[i * m + k]!;
      }
      if (isOrthogonal()) break;
      diagonalise(gram, q, m);
    }
    return values;
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

/**
 * Cyclic Jacobi rotations that make a symmetric n × n matrix diagonal, applied to the rows of `q` too (Golub & Van Loan,
 * Matrix Computations, 8.5).
 */
function diagonalise(b: Float64Array, q: Float64Array, n: number): void {
  let largest = 0;
  for (let i = 0; i < n; i++) largest = Math.max(largest, b[i * n + i]!);
  const negligible = Number.EPSILON * largest;
  for (let sweep = 0; sweep < 30; sweep++) {
    let rotated = false;
    for (let i = 0; i < n; i++) {
      for (let k = i + 1; k < n; k++) {
        const product = b[i * n + k]!;
        const scale = Math.sqrt(Math.abs(b[i * n + i]! * b[k * n + k]!));
        if (Math.abs(product) <= Number.EPSILON * scale || Math.abs(product) <= 0.1 * negligible * Number.EPSILON)
          continue;
        if (sweep > 3 && Math.abs(product) <= negligible) continue;
        rotated = true;
        const zeta = (b[k * n + k]! - b[i * n + i]!) / (2 * product);
        const tangent = (zeta >= 0 ? 1 : -1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
        const cosine = 1 / Math.sqrt(1 + tangent * tangent);
        const sine = cosine * tangent;
        rotateBoth(b, n, i, k, cosine, sine, tangent * product);
        rotatePair(q, i * n, k * n, n, cosine, sine);
      }
    }
    if (!rotated) return;
  }
}

function rotatePair(a: Float64Array, p: number, q: number, n: number, cosine: number, sine: number): void {
  for (let j = 0; j < n; j++) {
    const left = a[p + j]!;
    const right = a[q + j]!;
    a[p + j] = cosine * left - sine * right;
    a[q + j] = sine * left + cosine * right;
  }
}

/** Rows and columns i and k of a symmetric matrix, both triangles kept. */
function rotateBoth(
  b: Float64Array,
  n: number,
  i: number,
  k: number,
  cosine: number,
  sine: number,
  shift: number,
): void {
  const [first, second] = [b[i * n + i]! - shift, b[k * n + k]! + shift];
  rotatePair(b, i * n, k * n, n, cosine, sine);
  for (let j = 0; j < n; j++) {
    b[j * n + i] = b[i * n + j]!;
    b[j * n + k] = b[k * n + j]!;
  }
  b[i * n + i] = first;
  b[k * n + k] = second;
  b[i * n + k] = 0;
  b[k * n + i] = 0;
}
