import { addRange, dotRange } from "./householder.js";

// A symmetric matrix in two steps: reflections make it tridiagonal (Golub and Van Loan, algorithm 8.3.1), implicit QL
// steps make that diagonal (B. Dubrulle, R. S. Martin, J. H. Wilkinson, "The implicit QL algorithm", 1968).

interface Tridiagonal {
  readonly diagonal: Float64Array;
  /** Entry k stands beside diagonal entries k and k + 1. */
  readonly beside: Float64Array;
  /** Row k is the transform's column k. */
  readonly basis: Float64Array;
}

/** Overwrites a symmetric matrix. A = Σ T_kl b_k b_lᵀ with the rows b of `basis`. */
export function tridiagonalize(a: Float64Array, n: number): Tridiagonal {
  const diagonal = new Float64Array(n);
  const beside = new Float64Array(n);
  const beta = new Float64Array(n);
  const product = new Float64Array(n);
  for (let j = 0; j + 2 < n; j++) {
    // Row j right of the diagonal becomes (target, 0, …, 0). The reflection's vector is kept in its place.
    const at = j * n;
    const length = Math.sqrt(dotRange(a, at, a, at, j + 1, n));
    const head = a[at + j + 1];
    const target = head > 0 ? -length : length;
    beside[j] = target;
    if (length === 0) continue;
    a[at + j + 1] = head - target;
    beta[j] = 1 / (target * (target - head));
    for (let i = j + 1; i < n; i++) product[i] = beta[j] * dotRange(a, i * n, a, at, j + 1, n);
    const half = 0.5 * beta[j] * dotRange(product, 0, a, at, j + 1, n);
    addRange(-half, a, at, product, 0, j + 1, n);
    for (let i = j + 1; i < n; i++) {
      addRange(-a[at + i], product, 0, a, i * n, j + 1, n);
      addRange(-product[i], a, at, a, i * n, j + 1, n);
    }
  }
  if (n > 1) beside[n - 2] = a[(n - 2) * n + n - 1];
  for (let k = 0; k < n; k++) diagonal[k] = a[k * n + k];
  const basis = new Float64Array(n * n);
  for (let k = 0; k < n; k++) basis[k * n + k] = 1;
  // Row k of the basis is H₀ H₁ … e_k; the reflections only touch the entries after their own.
  for (let j = n - 3; j >= 0; j--)
    if (beta[j] !== 0)
      for (let k = j + 1; k < n; k++)
        addRange(-beta[j] * dotRange(a, j * n, basis, k * n, j + 1, n), a, j * n, basis, k * n, j + 1, n);
  return { diagonal, beside, basis };
}

/** More steps than any matrix has been seen to need for one eigenvalue. */
const maximumSteps = 60;

/** Overwrites `diagonal` with the eigenvalues, and the rows of `basis` with the eigenvectors. */
export function diagonalize({ diagonal: d, beside: e, basis }: Tridiagonal): void {
  const n = d.length;
  // Where the matrix lacks rank, neighbours on the diagonal are rounding themselves: what is small beside the largest
  // entry is no larger than the error that made the matrix tridiagonal.
  let largest = 0;
  for (let k = 0; k < n; k++) largest = Math.max(largest, Math.abs(d[k]), k + 1 < n ? Math.abs(e[k]) : 0);
  const floor = (Number.EPSILON / 8) * largest;
  const negligible = (k: number): boolean =>
    Math.abs(e[k]) <= Math.max(floor, Number.EPSILON * (Math.abs(d[k]) + Math.abs(d[k + 1])));
  for (let low = 0; low < n; low++) {
    for (let step = 0; ; step++) {
      // The block that starts at `low` ends where an entry beside the diagonal is negligible.
      let high = low;
      while (high + 1 < n && !negligible(high)) high++;
      if (high === low) break;
      if (step === maximumSteps) throw new RangeError("eigh: the iteration did not converge; please report the matrix");
      implicitStep(d, e, basis, low, high);
    }
  }
}

/** One QL step with Wilkinson's shift on the block low … high. */
function implicitStep(d: Float64Array, e: Float64Array, basis: Float64Array, low: number, high: number): void {
  const n = d.length;
  const ratio = (d[low + 1] - d[low]) / (2 * e[low]);
  const shift = d[low] - e[low] / (ratio + Math.sign(ratio || 1) * Math.hypot(ratio, 1));
  let g = d[high] - shift;
  let [sine, cosine, carried] = [1, 1, 0];
  for (let i = high - 1; i >= low; i--) {
    const f = sine * e[i];
    const b = cosine * e[i];
    const length = Math.hypot(f, g);
    e[i + 1] = length;
    if (length === 0) {
      d[i + 1] -= carried;
      e[high] = 0;
      return;
    }
    sine = f / length;
    cosine = g / length;
    g = d[i + 1] - carried;
    const turned = (d[i] - g) * sine + 2 * cosine * b;
    carried = sine * turned;
    d[i + 1] = g + carried;
    g = cosine * turned - b;
    rotateRows(basis, i * n, (i + 1) * n, n, sine, cosine);
  }
  d[low] -= carried;
  e[low] = g;
  e[high] = 0;
}

function rotateRows(rows: Float64Array, a: number, b: number, n: number, sine: number, cosine: number): void {
  for (let k = 0; k < n; k++) {
    const f = rows[b + k];
    rows[b + k] = sine * rows[a + k] + cosine * f;
    rows[a + k] = cosine * rows[a + k] - sine * f;
  }
}
