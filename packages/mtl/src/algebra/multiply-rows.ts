import { dot } from "./dot.js";

/**
 * out[to + i] = Σ_k matrix[base + i n + k] vector[from + k] for `rows` rows of n entries. Four rows at a time:
 * they share the vector, and their sums do not wait for each other.
 */
export function multiplyRows(
  matrix: Float64Array,
  base: number,
  rows: number,
  n: number,
  vector: Float64Array,
  from: number,
  out: Float64Array,
  to: number,
): void {
  let i = 0;
  for (; i + 3 < rows; i += 4) {
    const p = base + i * n;
    const q = p + n;
    const u = q + n;
    const v = u + n;
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    for (let k = 0; k < n; k++) {
      const value = vector[from + k]!;
      s0 += matrix[p + k]! * value;
      s1 += matrix[q + k]! * value;
      s2 += matrix[u + k]! * value;
      s3 += matrix[v + k]! * value;
    }
    out[to + i] = s0;
    out[to + i + 1] = s1;
    out[to + i + 2] = s2;
    out[to + i + 3] = s3;
  }
  for (; i < rows; i++) out[to + i] = dot(matrix, base + i * n, vector, from, n);
}
