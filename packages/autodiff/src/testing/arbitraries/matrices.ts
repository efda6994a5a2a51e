import { add, eye, matmul, matrixTranspose, mul, type Tensor, tensor } from "@kinship/tensor";
import fc, { type Arbitrary } from "fast-check";
import { gridNumbers, sizeOf, tensors } from "./tensors.js";

function square(name: string, shape: readonly number[]): number {
  const [rows, columns] = shape.slice(-2);
  if (shape.length < 2 || rows !== columns)
    throw new RangeError(`${name}: expected square matrices […, n, n], found shape [${shape.join(", ")}]`);
  return rows;
}

/** Symmetric matrices with eigenvalues of at least 1: X Xᵀ + I. @example positiveDefinite([3, 3]) */
export const positiveDefinite = (shape: readonly number[]): Arbitrary<Tensor> => {
  const n = square("positiveDefinite", shape);
  return tensors(shape, { from: -2, to: 2 }).map((x) =>
    add(matmul(x, matrixTranspose(x)), eye(n, { dtype: "float64" })),
  );
};

/** Matrices far from singular, with distinct singular values: small numbers, and 2, 3, … on the diagonal. */
export const wellConditioned = (shape: readonly number[]): Arbitrary<Tensor> => {
  const n = square("wellConditioned", shape);
  const diagonal = tensor(
    Float64Array.from({ length: n }, (_, k) => k + 2),
    { shape: [n] },
  );
  return gridNumbers(sizeOf(shape), -0.375, 0.375).map((values) =>
    add(tensor(Float64Array.from(values), { shape }), mul(eye(n, { dtype: "float64" }), diagonal)),
  );
};

/** A seed for the random directions of `checkDerivatives`. */
export const seeds = (): Arbitrary<number> => fc.nat({ max: 2 ** 31 - 1 });
