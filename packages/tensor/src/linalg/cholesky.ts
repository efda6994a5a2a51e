import type { TensorLike } from "../create.js";
import { floating } from "../dtype.js";
import { operand } from "../forms/operands.js";
import { apply } from "../interpreter.js";
import type { Primitive } from "../primitive.js";
import { add, mul } from "../primitives/arithmetic.js";
import { matmul } from "../primitives/einsum.js";
import { matrixTranspose } from "../primitives/view.js";
import type { Tensor } from "../tensor.js";
import { checkSquare, fromMatrices, matricesOf, symmetric, symmetrizeInto, which } from "./matrices.js";
import { solveTriangular } from "./solveTriangular.js";
import { lowerTriangle } from "./triangle.js";

/**
 * Overwrites a symmetric matrix ([n, n], the lower triangle is read) with its Cholesky factor, row by row.
 * Returns the row of the first pivot that is not positive, or −1.
 */
function factorInto(a: Float64Array, n: number): number {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let total = a[i * n + j];
      for (let k = 0; k < j; k++) total -= a[i * n + k] * a[j * n + k];
      if (i !== j) a[i * n + j] = total / a[j * n + j];
      else if (total > 0) a[i * n + i] = Math.sqrt(total);
      else return i;
    }
    a.fill(0, i * n + i + 1, (i + 1) * n);
  }
  return -1;
}

/** The lower triangle with its diagonal halved. */
const halved = (x: Tensor): Tensor => mul(0.5, add(lowerTriangle(x), lowerTriangle(x, -1)));

/** L⁻ᵀ X L⁻¹ */
const conjugate = (l: Tensor, x: Tensor): Tensor => {
  const left = solveTriangular(l, x, { transpose: true });
  return matrixTranspose(solveTriangular(l, matrixTranspose(left), { transpose: true }));
};

export const choleskyPrimitive: Primitive<void> = {
  name: "cholesky",
  form: { kind: "opaque" },
  // I. Murray, Differentiation of the Cholesky decomposition (2016), equations 8 and 10.
  derivative: {
    kind: "custom",
    vjp: (g, { output: l }) => [symmetric(conjugate(l, halved(matmul(matrixTranspose(l), g))))],
    jvp([t], { output: l }) {
      const left = solveTriangular(l, symmetric(t!));
      const both = matrixTranspose(solveTriangular(l, matrixTranspose(left)));
      return matmul(l, halved(both));
    },
  },
  samples: [{ shapes: [[2, 3, 3]], params: undefined, domains: [{ kind: "positive definite" }] }],
  infer: ([x]) => {
    checkSquare("cholesky", x);
    return { shape: x.shape, dtype: floating(x.dtype) };
  },
  evaluate([x], output) {
    const n = checkSquare("cholesky", x);
    const matrices = matricesOf(x).map((matrix, k) => {
      symmetrizeInto(matrix, n);
      const failed = factorInto(matrix, n);
      if (failed >= 0)
        throw new RangeError(
          `cholesky: the matrix${which(k, x)} is not positive definite (found at row ${failed}); add a small multiple of the identity, or use eigh`,
        );
      return matrix;
    });
    return fromMatrices(matrices, output);
  },
};

/**
 * The lower triangular L with L Lᵀ = A, for symmetric positive definite matrices […, n, n]. Where A is not exactly
 * symmetric, (A + Aᵀ)/2 is factored.
 * @throws RangeError for a matrix that is not positive definite.
 * @example cholesky(tensor([[4, 2], [2, 3]]))
 */
export const cholesky = (a: TensorLike): Tensor => apply(choleskyPrimitive, [operand("cholesky", a)], undefined);
