/** Σ_k a[p + k] b[q + k] over n entries, in four sums that do not wait for each other. */
export function dot(a: Float64Array, p: number, b: Float64Array, q: number, n: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let k = 0;
  for (; k + 3 < n; k += 4) {
    s0 += a[p + k]! * b[q + k]!;
    s1 += a[p + k + 1]! * b[q + k + 1]!;
    s2 += a[p + k + 2]! * b[q + k + 2]!;
    s3 += a[p + k + 3]! * b[q + k + 3]!;
  }
  for (; k < n; k++) s0 += a[p + k]! * b[q + k]!;
  return s0 + s1 + (s2 + s3);
}
