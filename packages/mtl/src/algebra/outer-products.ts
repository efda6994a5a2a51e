/**
 * out += Σ_r weights[r] v_r v_rᵀ over the rows v_r, [rows, n], from `first` up to `end`; lower triangle only.
 * Four rows at a time, so that each entry is read and written once for four products; rows that are not there
 * are the last one with weight 0.
 */
export function addOuterProducts(
  rows: Float64Array,
  weights: Float64Array,
  first: number,
  end: number,
  n: number,
  out: Float64Array,
): void {
  const last = end - 1;
  for (let r = first; r < end; r += 4) {
    const r1 = Math.min(r + 1, last);
    const r2 = Math.min(r + 2, last);
    const r3 = Math.min(r + 3, last);
    const w0 = weights[r]!;
    const w1 = r + 1 > last ? 0 : weights[r1]!;
    const w2 = r + 2 > last ? 0 : weights[r2]!;
    const w3 = r + 3 > last ? 0 : weights[r3]!;
    const p = r * n;
    const q = r1 * n;
    const u = r2 * n;
    const v = r3 * n;
    for (let i = 0; i < n; i++) {
      const a = w0 * rows[p + i]!;
      const b = w1 * rows[q + i]!;
      const c = w2 * rows[u + i]!;
      const d = w3 * rows[v + i]!;
      const start = i * n;
      for (let j = 0; j <= i; j++) {
        const product = a * rows[p + j]! + b * rows[q + j]! + (c * rows[u + j]! + d * rows[v + j]!);
        out[start + j] = out[start + j]! + product;
      }
    }
  }
}
