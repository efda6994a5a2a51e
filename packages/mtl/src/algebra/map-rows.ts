import { matmul, tensor, transpose } from "@kinship/tensor";
import { multiplyRows } from "./multiply-rows.js";

/** Below so many multiply-adds a call of the product kernel costs more than it saves. */
const smallWork = 2 ** 15;

/** A v of each row v of [count, n], A n × n: [count, n]. */
export function mapRows(a: Float64Array, n: number, rows: Float64Array): Float64Array {
  if (rows.length * n >= smallWork) {
    const product = matmul(tensor(rows, { shape: [rows.length / n, n] }), transpose(tensor(a, { shape: [n, n] })));
    return product.toTypedArray() as Float64Array;
  }
  const out = new Float64Array(rows.length);
  for (let at = 0; at < rows.length; at += n) multiplyRows(a, 0, n, n, rows, at, out, at);
  return out;
}

/** Σ_r a_r b_rᵀ over rows a_r of [count, n] and b_r of [count, m]: [n, m]. */
export function crossProducts(a: Float64Array, n: number, b: Float64Array, m: number): Float64Array {
  const count = a.length / n;
  if (count * n * m >= smallWork) {
    const product = matmul(transpose(tensor(a, { shape: [count, n] })), tensor(b, { shape: [count, m] }));
    return product.toTypedArray() as Float64Array;
  }
  const out = new Float64Array(n * m);
  for (let r = 0; r < count; r++) {
    for (let i = 0; i < n; i++) {
      const factor = a[r * n + i]!;
      for (let j = 0; j < m; j++) out[i * m + j] = out[i * m + j]! + factor * b[r * m + j]!;
    }
  }
  return out;
}
