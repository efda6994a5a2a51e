import { add, eye, matmul, matrixTranspose, mul, type Tensor, tensor } from "@kinship/tensor";
import fc, { type Arbitrary } from "fast-check";
import { gridNumbers, sizeOf } from "./tensors.js";

const float64 = (values: readonly number[], shape: readonly number[]): Tensor =>
  tensor(Float64Array.from(values), { shape });

/** Row i of a matrix […, n, n] turned against row j, by an angle for each matrix of the batch. */
function turned(data: Float64Array, n: number, i: number, j: number, angles: readonly number[]): void {
  angles.forEach((angle, matrix) => {
    const [c, s] = [Math.cos(angle), Math.sin(angle)];
    for (let k = 0; k < n; k++) {
      const [p, q] = [matrix * n * n + i * n + k, matrix * n * n + j * n + k];
      [data[p], data[q]] = [c * data[p] - s * data[q], s * data[p] + c * data[q]];
    }
  });
}

/**
 * Symmetric matrices with eigenvalues 1 + δ, 2 + δ, …, 0 ≤ δ < 1: positive definite, and with gaps between them, so that
 * eigenvectors have derivatives too. Q Λ Qᵀ, with Q a product of plane rotations.
 * @example positiveDefinite([3, 3])
 */
export const positiveDefinite = (shape: readonly number[]): Arbitrary<Tensor> => {
  const [rows, n] = shape.slice(-2);
  if (shape.length < 2 || rows !== n)
    throw new RangeError(`positiveDefinite: expected square matrices […, n, n], found shape [${shape.join(", ")}]`);
  const batch = sizeOf(shape.slice(0, -2));
  const planes = Array.from({ length: n }, (_, i) => Array.from({ length: i }, (_, j) => [i, j] as const)).flat();
  return fc
    .tuple(gridNumbers(planes.length * batch, -3, 3), fc.integer({ min: 0, max: 255 }))
    .map(([angles, shift]) => {
      const root = new Float64Array(batch * n * n);
      for (let matrix = 0; matrix < batch; matrix++)
        for (let k = 0; k < n; k++) root[matrix * n * n + k * n + k] = Math.sqrt(k + 1 + shift / 256);
      planes.forEach(([i, j], k) => {
        turned(root, n, i, j, angles.slice(k * batch, (k + 1) * batch));
      });
      const q = tensor(root, { shape });
      const product = matmul(q, matrixTranspose(q));
      return mul(0.5, add(product, matrixTranspose(product)));
    });
};

/**
 * Matrices, square or not, that are far from singular: 2, 4, 6, … on the diagonal and entries so small beside it that
 * singular values keep apart and each triangle is far from singular too.
 * @example wellConditioned([2, 3, 3])
 */
export const wellConditioned = (shape: readonly number[]): Arbitrary<Tensor> => {
  if (shape.length < 2)
    throw new RangeError(`wellConditioned: expected matrices […, m, n], found shape [${shape.join(", ")}]`);
  const [rows, columns] = shape.slice(-2);
  // By Weyl's inequality no singular value moves by more than the Frobenius norm of the rest, here at most 1/2.
  const bound = 0.5 / Math.sqrt(rows * columns);
  const diagonal = float64(
    Array.from({ length: columns }, (_, k) => 2 * (k + 1)),
    [columns],
  );
  const middle = mul(eye(rows, { columns, dtype: "float64" }), diagonal);
  return gridNumbers(sizeOf(shape), -1, 1).map((values) => add(mul(float64(values, shape), bound), middle));
};

/** A seed for the random directions of `checkDerivatives`. */
export const seeds = (): Arbitrary<number> => fc.nat({ max: 2 ** 31 - 1 });
