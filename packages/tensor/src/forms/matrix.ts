import { type DType, isFloating } from "../dtype.js";
import type { Layout } from "../layout.js";
import { uninitialized } from "../memory.js";
import { fromData, type Tensor } from "../tensor.js";

type Labels = readonly number[];

/** From this many multiplications on the WebAssembly kernel is worth the way there. */
const largest = 2 ** 11;

/**
 * A small product of two matrices, either of them transposed: the same sums as the reference, without its tables, which
 * would cost more than the product. undefined for any other contraction.
 */
export function smallMatrixProduct(
  [a, b]: readonly Tensor[],
  layouts: readonly Layout[],
  [first, second]: readonly Labels[],
  kept: Labels,
  dtype: DType,
): Tensor | undefined {
  if (first.length !== 2 || second.length !== 2 || kept.length !== 2 || !isFloating(dtype)) return undefined;
  // The axes of the rows in the first operand and of the columns in the second; the other ones are summed over.
  const row = first.indexOf(kept[0]);
  const column = second.indexOf(kept[1]);
  if (row < 0 || column < 0 || first[1 - row] !== second[1 - column]) return undefined;
  const m = layouts[0].shape[row];
  const k = layouts[0].shape[1 - row];
  const n = layouts[1].shape[column];
  if (m * k * n >= largest) return undefined;
  const out = uninitialized(dtype, m * n);
  const [x, y] = [a.data, b.data];
  const rowStride = layouts[0].stride[row];
  const stepStride = layouts[0].stride[1 - row];
  const columnStride = layouts[1].stride[column];
  const otherStride = layouts[1].stride[1 - column];
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) {
      let total = 0;
      let p = layouts[0].offset + i * rowStride;
      let q = layouts[1].offset + j * columnStride;
      for (let s = 0; s < k; s++, p += stepStride, q += otherStride) total += x[p] * y[q];
      out[i * n + j] = total;
    }
  return fromData(out, dtype, [m, n]);
}
