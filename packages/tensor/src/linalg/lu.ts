/** A matrix overwritten with its factors: P A = L U, with the unit diagonal of L left out. */
export interface Factors {
  readonly lu: Float64Array;
  /** Row k of P A is row `rows[k]` of A. */
  readonly rows: Int32Array;
  /** The sign of the permutation. */
  readonly sign: 1 | -1;
  /** The first column without a pivot, or −1. */
  readonly singular: number;
}

/** Gaussian elimination with partial pivoting, in place (Golub and Van Loan, Matrix Computations, algorithm 3.4.1). */
export function factorLu(lu: Float64Array, n: number): Factors {
  const rows = Int32Array.from({ length: n }, (_, k) => k);
  let sign: 1 | -1 = 1;
  let singular = -1;
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(lu[i * n + k]) > Math.abs(lu[pivot * n + k])) pivot = i;
    if (lu[pivot * n + k] === 0) {
      if (singular < 0) singular = k;
      continue;
    }
    if (pivot !== k) {
      sign = sign === 1 ? -1 : 1;
      [rows[k], rows[pivot]] = [rows[pivot], rows[k]];
      for (let j = 0; j < n; j++) [lu[k * n + j], lu[pivot * n + j]] = [lu[pivot * n + j], lu[k * n + j]];
    }
    for (let i = k + 1; i < n; i++) {
      const factor = lu[i * n + k] / lu[k * n + k];
      lu[i * n + k] = factor;
      if (factor !== 0) for (let j = k + 1; j < n; j++) lu[i * n + j] -= factor * lu[k * n + j];
    }
  }
  return { lu, rows, sign, singular };
}
