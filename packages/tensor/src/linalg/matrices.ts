import { allocate } from "../dtype.js";
import { broadcastShapes, show, sizeOf } from "../layout.js";
import type { Signature } from "../primitive.js";
import { add, mul } from "../primitives/arithmetic.js";
import { slice } from "../primitives/slice.js";
import { broadcastTo, matrixTranspose } from "../primitives/view.js";
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

/** The same, but refusing entries that no decomposition is defined for. @throws RangeError that names the first. */
export function finiteMatricesOf(name: string, x: Tensor): Float64Array[] {
  const columns = x.shape[x.dimension - 1];
  const matrices = matricesOf(x);
  matrices.forEach((matrix, k) => {
    const at = matrix.findIndex((entry) => !Number.isFinite(entry));
    if (at >= 0)
      throw new RangeError(
        `${name}: the matrix${which(k, x)} has ${matrix[at]} at row ${Math.floor(at / columns)}, column ${at % columns}; expected finite entries`,
      );
  });
  return matrices;
}

/** Divides by the power of two at the largest entry, so that squares neither overflow nor vanish; returns that power. */
export function scaleInto(matrix: Float64Array): number {
  let largest = 0;
  for (const entry of matrix) largest = Math.max(largest, Math.abs(entry));
  if (largest === 0) return 1;
  // Twice the smallest normal number and up, so that the inverse of the power is finite.
  const power = 2 ** Math.max(Math.floor(Math.log2(largest)), -1021);
  for (let k = 0; k < matrix.length; k++) matrix[k] /= power;
  return power;
}

/** Overwrites A with (A + Aᵀ)/2. */
export function symmetrizeInto(matrix: Float64Array, n: number): void {
  for (let i = 0; i < n; i++)
    for (let j = 0; j < i; j++) {
      // Halved before they are added, so that the largest numbers do not overflow.
      const mean = matrix[i * n + j] / 2 + matrix[j * n + i] / 2;
      matrix[i * n + j] = mean;
      matrix[j * n + i] = mean;
    }
}

/** The transpose of a matrix stored row by row. */
export function transposed(matrix: Float64Array, rows: number, columns: number): Float64Array {
  const out = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[j * rows + i] = matrix[i * columns + j];
  return out;
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

/** (X + Xᵀ)/2 */
export const symmetric = (x: Tensor): Tensor => mul(0.5, add(x, matrixTranspose(x)));

/** Rows `from` to `to` of each matrix. */
export const rowsOf = (x: Tensor, from: number, to: number): Tensor =>
  slice(x, [...x.shape.slice(0, -2).map(() => null), [from, to]]);

/** For errors: which matrix of a batch. */
export const which = (k: number, x: Tensor): string => (x.dimension > 2 ? ` number ${k} of the batch` : "");
