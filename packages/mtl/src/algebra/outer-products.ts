/**
 * out += Σ_r weights[r] v_r v_rᵀ over the rows v_r, [rows, n], from `first` up to `end`; lower triangle only.
 * Four rows at a time, so that each entry is read and written once for four products.
 */
export function addOuterProducts(
  rows: Float64Array,
  weights: Float64Array,
  first: number,
  end: number,
  n: number,
  out: Float64Array,
): void {
  let r = first;
  for (; r + 3 < end; r += 4) {
    const p = r * n;
    const q = p + n;
    const u = q + n;
    const v = u + n;
    for (let i = 0; i < n; i++) {
      const a = weights[r]! * rows[p + i]!;
      const b = weights[r + 1]! * rows[q + i]!;
      const c = weights[r + 2]! * rows[u + i]!;
      const d = weights[r + 3]! * rows[v + i]!;
      const start = i * n;
      for (let j = 0; j <= i; j++) {
        const product = a * rows[p + j]! + b * rows[q + j]! + (c * rows[u + j]! + d * rows[v + j]!);
        out[start + j] = out[start + j]! + product;
      }
    }
  }
  for (; r < end; r++) {
    for (let i = 0; i < n; i++) {
      const factor = weights[r]! * rows[r * n + i]!;
      for (let j = 0; j <= i; j++) out[i * n + j] = out[i * n + j]! + factor * rows[r * n + j]!;
    }
  }
}
