import type { TensorLike } from "../create.js";
import { floating } from "../dtype.js";
import { operand } from "../forms/operands.js";
import { apply } from "../interpreter.js";
import type { Primitive } from "../primitive.js";
import type { Tensor } from "../tensor.js";
import { eigenInto } from "./eigh.js";
import {
  checkSquare,
  finiteMatricesOf,
  fromMatrices,
  symmetric,
  symmetrizeInto,
  transposed,
  which,
} from "./matrices.js";
import { product, sylvester } from "./sylvester.js";

export const matrixSqrtPrimitive: Primitive<void> = {
  name: "matrixSqrt",
  form: { kind: "opaque" },
  // S S = A gives S Ṡ + Ṡ S = Ȧ (N. J. Higham, "Functions of matrices", 2008, section 6.1), its own transpose.
  derivative: {
    kind: "custom",
    vjp: (g, { output: s }) => [sylvester(s, symmetric(g))],
    jvp: ([t], { output: s }) => sylvester(s, symmetric(t!)),
  },
  samples: [{ shapes: [[2, 3, 3]], params: undefined, domains: [{ kind: "positive definite" }] }],
  infer: ([a]) => {
    checkSquare("matrixSqrt", a);
    return { shape: a.shape, dtype: floating(a.dtype) };
  },
  evaluate([a], output) {
    const n = checkSquare("matrixSqrt", a);
    // What rounding may leave below zero of an eigenvalue that is 0.
    const rounding = n * (output.dtype === "float32" ? 2 ** -23 : 2 ** -50);
    const found = finiteMatricesOf("matrixSqrt", a).map((matrix, k) => {
      symmetrizeInto(matrix, n);
      const { values, vectors } = eigenInto(matrix, n);
      if (values[0] < -rounding * Math.max(Math.abs(values[0]), values[n - 1]))
        throw new RangeError(
          `matrixSqrt: the matrix${which(k, a)} is not positive semi-definite: its smallest eigenvalue is ${Number(values[0].toPrecision(4))}`,
        );
      const scaled = vectors.map((entry, at) => entry * Math.sqrt(Math.max(values[Math.floor(at / n)], 0)));
      return product(transposed(vectors, n, n), scaled, n);
    });
    return fromMatrices(found, output);
  },
};

/**
 * The symmetric positive semi-definite S with S S = A, for such matrices A […, n, n]. Where A is not exactly symmetric,
 * the root of (A + Aᵀ)/2 is given. Its derivative holds for positive definite A, with equal eigenvalues or not.
 * @throws RangeError for a matrix with a negative eigenvalue, for entries that are not finite.
 * @example matrixSqrt(tensor([[4, 0], [0, 9]]))
 */
export const matrixSqrt = (a: TensorLike): Tensor => apply(matrixSqrtPrimitive, [operand("matrixSqrt", a)], undefined);
