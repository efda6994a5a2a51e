import { allocate } from "../dtype.js";
import { broadcastShapes, show, sizeOf } from "../layout.js";
import type { Signature } from "../primitive.js";
import { broadcastTo } from "../primitives/view.js";
import { fromData, type Tensor } from "../tensor.js";

// Batched linear algebra: the last two axes are a matrix, the ones before them are a batch.

export function checkMatrix(
  name: string,
  { shape }: { readonly shape: readonly number[] },
): readonly [rows: number, columns: number] {
  if (shape.length < 2)
    throw new RangeError(`${name}: expected a matrix or a batch of them, found shape ${show(shape)}`);
  return [shape[shape.length - 2], shape[shape.length - 1]];
}

export function checkSquare(name: string, x: { readonly shape: readonly number[] }): number {
  const [rows, columns] = checkMatrix(name, x);
  if (rows !== columns) throw new RangeError(`${name}: expected square matrices, found shape ${show(x.shape)}`);
  return rows;
}

/** Both with the leading axes broadcast against each other. */
export function sameBatch(name: string, a: Tensor, b: Tensor): readonly [Tensor, Tensor] {
  const batch = broadcastShapes(name, [a.shape.slice(0, -2), b.shape.slice(0, -2)]);
  return [broadcastTo(a, [...batch, ...a.shape.slice(-2)]), broadcastTo(b, [...batch, ...b.shape.slice(-2)])];
}

/** A copy of each matrix in float64, row by row: the algorithms work on these, whatever the element type. */
export function matricesOf(x: Tensor): Float64Array[] {
  const flat = Float64Array.from(x.toTypedArray());
  const size = x.shape[x.dimension - 2] * x.shape[x.dimension - 1];
  return Array.from({ length: sizeOf(x.shape.slice(0, -2)) }, (_, k) => flat.subarray(k * size, (k + 1) * size));
}

/** One matrix (or vector) after another as a tensor of this signature. */
export function fromMatrices(matrices: readonly Float64Array[], { shape, dtype }: Signature): Tensor {
  const data = allocate(dtype, sizeOf(shape));
  let at = 0;
  for (const matrix of matrices) {
    data.set(matrix, at);
    at += matrix.length;
  }
  return fromData(data, dtype, shape);
}

/** For errors: which matrix of a batch. */
export const which = (k: number, x: Tensor): string => (x.dimension > 2 ? ` number ${k} of the batch` : "");
