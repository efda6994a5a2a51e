import { addRange, dotRange, orthogonalize } from "./householder.js";
import { orient } from "./orient.js";

/** Columns shorter than this beside a largest entry of about 1 have squares that vanish: they count as zero. */
const negligible = 1e-150;

const maximumSweeps = 60;

/** A = Σ sizes_k left_k right_kᵀ; one vector a row of `left` and `right`, sizes descending. */
export interface SingularTriples {
  readonly sizes: Float64Array;
  readonly left: Float64Array;
  readonly right: Float64Array;
}

/**
 * The singular value decomposition of an m × n matrix, m ≥ n, with its largest entry near 1; `a` holds its columns one
 * after another and is overwritten. QR first, then Jacobi's rotations from one side on the columns of Rᵀ, which keeps
 * small singular values accurate (J. Demmel, K. Veselić, "Jacobi's method is more accurate than QR", 1992; Z. Drmač,
 * K. Veselić, "New fast and accurate Jacobi SVD algorithm", 2008, for the transposed factor).
 */
export function singularTriples(a: Float64Array, m: number, n: number): SingularTriples {
  // R row by row is Rᵀ column by column: Rᵀ W = V Σ, so that A = (Q W) Σ Vᵀ.
  const g = orthogonalize(a, m, n);
  const w = new Float64Array(n * n);
  for (let k = 0; k < n; k++) w[k * n + k] = 1;
  orthogonalizeColumns(g, w, n);
  const lengths = Float64Array.from({ length: n }, (_, k) => {
    const length = Math.sqrt(dotRange(g, k * n, g, k * n, 0, n));
    return length < negligible ? 0 : length;
  });
  const order = Array.from({ length: n }, (_, k) => k).sort((p, q) => lengths[q] - lengths[p]);
  const left = new Float64Array(n * m);
  const right = new Float64Array(n * n);
  order.forEach((from, k) => {
    for (let j = 0; j < n; j++) addRange(w[from * n + j], a, j * m, left, k * m, 0, m);
    const sign = orient(left.subarray(k * m, (k + 1) * m));
    if (lengths[from] > 0) addRange(sign / lengths[from], g, from * n, right, k * n, 0, n);
    else complete(right, k, n);
  });
  return { sizes: Float64Array.from(order, (k) => lengths[k]), left, right };
}

/** Rotates pairs of columns of `g` until all are orthogonal, and those of `w` alike. */
function orthogonalizeColumns(g: Float64Array, w: Float64Array, n: number): void {
  const tolerance = n * Number.EPSILON;
  for (let sweep = 0, turned = true; turned; sweep++) {
    if (sweep === maximumSweeps) throw new RangeError("svd: the iteration did not converge; please report the matrix");
    turned = false;
    for (let p = 0; p < n; p++)
      for (let q = p + 1; q < n; q++) {
        const first = dotRange(g, p * n, g, p * n, 0, n);
        const second = dotRange(g, q * n, g, q * n, 0, n);
        const mixed = dotRange(g, p * n, g, q * n, 0, n);
        // Beside a column that counts as zero nothing is to be turned, and with a square that vanished nothing could be.
        if (Math.sqrt(Math.min(first, second)) < negligible) continue;
        if (Math.abs(mixed) <= tolerance * Math.sqrt(first) * Math.sqrt(second)) continue;
        turned = true;
        const ratio = (second - first) / (2 * mixed);
        const tangent = (ratio < 0 ? -1 : 1) / (Math.abs(ratio) + Math.hypot(1, ratio));
        const cosine = 1 / Math.hypot(1, tangent);
        rotate(g, p * n, q * n, n, cosine, cosine * tangent);
        rotate(w, p * n, q * n, n, cosine, cosine * tangent);
      }
  }
}

function rotate(x: Float64Array, p: number, q: number, n: number, cosine: number, sine: number): void {
  for (let k = 0; k < n; k++) {
    const a = x[p + k];
    const b = x[q + k];
    x[p + k] = cosine * a - sine * b;
    x[q + k] = sine * a + cosine * b;
  }
}

/** Row k as a unit vector orthogonal to the rows before it: of the axes the one that is furthest from their span. */
function complete(rows: Float64Array, k: number, n: number): void {
  let best = 0;
  let furthest = -1;
  for (let axis = 0; axis < n; axis++) {
    let outside = 1;
    for (let j = 0; j < k; j++) outside -= rows[j * n + axis] ** 2;
    if (outside > furthest) [best, furthest] = [axis, outside];
  }
  const row = rows.subarray(k * n, (k + 1) * n);
  row[best] = 1;
  // Twice is enough (Golub and Van Loan, section 5.2.9).
  for (let pass = 0; pass < 2; pass++) {
    for (let j = 0; j < k; j++) addRange(-dotRange(rows, j * n, row, 0, 0, n), rows, j * n, row, 0, 0, n);
    const length = Math.sqrt(dotRange(row, 0, row, 0, 0, n));
    for (let i = 0; i < n; i++) row[i] /= length;
  }
  orient(row);
}
