import { dot } from "./dot.js";

/** So many decompositions may start from the rotation of the one before: longer, and rounding adds up in it. */
const lifetime = 64;

/** Singular values and vectors of one matrix after another, all [rows, columns] and changing little. */
export interface Spectrum {
  /** min(rows, columns) singular values of the matrix last decomposed, in no order. */
  readonly values: Float64Array;
  decompose(matrix: Float64Array): Float64Array;
  /** out = U diag(values) Vᵀ with other values for the decomposed matrix's own. A zero stays zero. */
  rebuild(values: Float64Array, out: Float64Array): void;
}

/**
 * Hestenes's one-sided Jacobi rotations (Demmel & Veselić, Jacobi's method is more accurate than QR, 1992): small
 * singular values keep their digits, which thresholds need. Starts from the last matrix's rotation.
 */
export function createSpectrum(rows: number, columns: number): Spectrum {
  const wide = rows <= columns;
  const m = wide ? rows : columns;
  const n = wide ? columns : rows;
  const a = new Float64Array(m * n);
  const q = new Float64Array(m * m);
  const values = new Float64Array(m);
  const squares = new Float64Array(m);
  let age = lifetime;

  function decompose(matrix: Float64Array): Float64Array {
    if (age++ >= lifetime) {
      age = 0;
      q.fill(0);
      for (let i = 0; i < m; i++) q[i * m + i] = 1;
    }
    a.fill(0);
    for (let i = 0; i < m; i++) {
      for (let k = 0; k < m; k++) {
        const factor = q[i * m + k]!;
        if (factor === 0) continue;
        for (let j = 0; j < n; j++) a[i * n + j] = a[i * n + j]! + factor * matrix[wide ? k * n + j : j * m + k]!;
      }
    }
    for (let sweep = 0; sweep < 40 && rotateAll(); sweep++);
    for (let i = 0; i < m; i++) values[i] = Math.sqrt(dot(a, i * n, a, i * n, n));
    return values;
  }

  /** Makes each two rows orthogonal in turn. Returns whether any were not. */
  function rotateAll(): boolean {
    let most = 0;
    for (let i = 0; i < m; i++) {
      squares[i] = dot(a, i * n, a, i * n, n);
      most = Math.max(most, squares[i]!);
    }
    const negligible = most * 1e-32;
    let rotated = false;
    for (let i = 0; i < m; i++) {
      for (let k = i + 1; k < m; k++) {
        if (squares[i]! <= negligible && squares[k]! <= negligible) continue;
        const product = dot(a, i * n, a, k * n, n);
        if (!(Math.abs(product) > 1e-15 * Math.sqrt(squares[i]! * squares[k]!) && Math.abs(product) > negligible))
          continue;
        rotated = true;
        const zeta = (squares[k]! - squares[i]!) / (2 * product);
        const tangent = (zeta >= 0 ? 1 : -1) / (Math.abs(zeta) + Math.hypot(1, zeta));
        const cosine = 1 / Math.hypot(1, tangent);
        rotate(a, i * n, k * n, n, cosine, cosine * tangent);
        rotate(q, i * m, k * m, m, cosine, cosine * tangent);
        squares[i] = Math.max(0, squares[i]! - tangent * product);
        squares[k] = squares[k]! + tangent * product;
      }
    }
    return rotated;
  }

  function rebuild(other: Float64Array, out: Float64Array): void {
    out.fill(0);
    for (let i = 0; i < m; i++) {
      if (other[i] === 0 || values[i] === 0) continue;
      const scale = other[i]! / values[i]!;
      for (let k = 0; k < m; k++) {
        const factor = scale * q[i * m + k]!;
        if (wide) for (let j = 0; j < n; j++) out[k * n + j] = out[k * n + j]! + factor * a[i * n + j]!;
        else for (let j = 0; j < n; j++) out[j * m + k] = out[j * m + k]! + factor * a[i * n + j]!;
      }
    }
  }

  return { values, decompose, rebuild };
}

function rotate(a: Float64Array, p: number, q: number, n: number, cosine: number, sine: number): void {
  for (let j = 0; j < n; j++) {
    const left = a[p + j]!;
    const right = a[q + j]!;
    a[p + j] = cosine * left - sine * right;
    a[q + j] = sine * left + cosine * right;
  }
}
