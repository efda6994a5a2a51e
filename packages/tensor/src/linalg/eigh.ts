import { eye, type TensorLike } from "../create.js";
import { floating } from "../dtype.js";
import { operand } from "../forms/operands.js";
import { apply } from "../interpreter.js";
import type { Primitive } from "../primitive.js";
import { add, div, mul, sub } from "../primitives/arithmetic.js";
import { equal, where } from "../primitives/comparison.js";
import { diagonal } from "../primitives/diagonal.js";
import { matmul } from "../primitives/einsum.js";
import { concat } from "../primitives/joining.js";
import { expandDims, matrixTranspose, squeeze } from "../primitives/view.js";
import type { Tensor } from "../tensor.js";
import {
  checkSquare,
  finiteMatricesOf,
  fromMatrices,
  rowsOf,
  scaleInto,
  symmetric,
  symmetrizeInto,
} from "./matrices.js";
import { orient } from "./orient.js";
import { diagonalize, tridiagonalize } from "./tridiagonal.js";

/** 1/x, and 0 where x is 0. */
export const safeInverse = (x: Tensor): Tensor => {
  const zero = equal(x, 0);
  return where(zero, 0, div(1, where(zero, 1, x)));
};

/** Eigenvalues and eigenvectors of a symmetric matrix, ascending: `vectors` holds one a row. Overwrites `a`. */
export function eigenInto(a: Float64Array, n: number): { values: Float64Array; vectors: Float64Array } {
  const scale = scaleInto(a);
  const found = tridiagonalize(a, n);
  diagonalize(found);
  const order = Array.from({ length: n }, (_, k) => k).sort((p, q) => found.diagonal[p] - found.diagonal[q]);
  const vectors = new Float64Array(n * n);
  order.forEach((from, k) => {
    const vector = found.basis.subarray(from * n, (from + 1) * n);
    orient(vector);
    vectors.set(vector, k * n);
  });
  return { values: Float64Array.from(order, (k) => found.diagonal[k] * scale), vectors };
}

/** F with F_ij = 1/(λ_j − λ_i), and 0 where they are equal. */
const inverseGaps = (values: Tensor): Tensor => safeInverse(sub(expandDims(values, -2), expandDims(values, -1)));

/** One row of eigenvalues above the matrix whose columns are the eigenvectors. */
export const eighPrimitive: Primitive<void> = {
  name: "eigh",
  form: { kind: "opaque" },
  // M. Giles (2008), section 3.1.
  derivative: {
    kind: "custom",
    vjp(g, { output }) {
      const { values, vectors } = parts(output);
      const { values: cotangentValues, vectors: cotangentVectors } = parts(g);
      const turn = mul(inverseGaps(values), matmul(matrixTranspose(vectors), cotangentVectors));
      const n = values.shape[values.dimension - 1];
      const inner = add(turn, mul(expandDims(cotangentValues, -1), eye(n, { dtype: values.dtype })));
      return [symmetric(matmul(matmul(vectors, inner), matrixTranspose(vectors)))];
    },
    jvp([t], { output }) {
      const { values, vectors } = parts(output);
      const inner = matmul(matmul(matrixTranspose(vectors), symmetric(t!)), vectors);
      const turned = matmul(vectors, mul(inverseGaps(values), inner));
      return concat([expandDims(diagonal(inner), -2), turned], -2);
    },
  },
  samples: [{ shapes: [[2, 3, 3]], params: undefined, domains: [{ kind: "positive definite" }] }],
  infer: ([a]) => {
    const n = checkSquare("eigh", a);
    return { shape: [...a.shape.slice(0, -2), n + 1, n], dtype: floating(a.dtype) };
  },
  evaluate([a], output) {
    const n = checkSquare("eigh", a);
    const packed = finiteMatricesOf("eigh", a).map((matrix) => {
      symmetrizeInto(matrix, n);
      const { values, vectors } = eigenInto(matrix, n);
      const out = new Float64Array((n + 1) * n);
      out.set(values);
      for (let k = 0; k < n; k++) for (let i = 0; i < n; i++) out[(i + 1) * n + k] = vectors[k * n + i];
      return out;
    });
    return fromMatrices(packed, output);
  },
};

const parts = (packed: Tensor): { values: Tensor; vectors: Tensor } => ({
  values: squeeze(rowsOf(packed, 0, 1), -2),
  vectors: rowsOf(packed, 1, packed.shape[packed.dimension - 2]),
});

/**
 * The eigenvalues of symmetric matrices […, n, n], ascending, and orthonormal eigenvectors as columns: A V = V diag(λ).
 * Where A is not exactly symmetric, (A + Aᵀ)/2 is decomposed. Of ±v the one whose largest entry is positive is given.
 * Derivatives of the vectors need distinct eigenvalues; those of the values do not.
 * @throws RangeError for entries that are not finite.
 * @example eigh(tensor([[2, 1], [1, 2]]))
 */
export const eigh = (a: TensorLike): { values: Tensor; vectors: Tensor } =>
  parts(apply(eighPrimitive, [operand("eigh", a)], undefined));
