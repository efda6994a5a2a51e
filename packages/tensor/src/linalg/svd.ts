import { eye, type TensorLike } from "../create.js";
import { floating } from "../dtype.js";
import { operand } from "../forms/operands.js";
import { apply } from "../interpreter.js";
import type { Primitive } from "../primitive.js";
import { add, mul, sub } from "../primitives/arithmetic.js";
import { diagonal } from "../primitives/diagonal.js";
import { matmul } from "../primitives/einsum.js";
import { concat } from "../primitives/joining.js";
import { expandDims, matrixTranspose, squeeze } from "../primitives/view.js";
import type { Tensor } from "../tensor.js";
import { safeInverse } from "./eigh.js";
import { type SingularTriples, singularTriples } from "./jacobi.js";
import { checkMatrix, finiteMatricesOf, fromMatrices, rowsOf, scaleInto, transposed } from "./matrices.js";

/** The decomposition of one matrix, row by row, whatever its proportions. Overwrites it. */
export function decompose(matrix: Float64Array, m: number, n: number): SingularTriples {
  const scale = scaleInto(matrix);
  const tall = m >= n;
  const found = tall
    ? singularTriples(transposed(matrix, m, n), m, n)
    : // The rows are the columns of the transpose, whose left vectors are the right ones here.
      singularTriples(matrix, n, m);
  const sizes = found.sizes.map((size) => size * scale);
  return tall ? { ...found, sizes } : { sizes, left: found.right, right: found.left };
}

interface Factors {
  readonly u: Tensor;
  readonly s: Tensor;
  readonly v: Tensor;
}

/** X minus its part in the span of the orthonormal columns of Q. */
const outside = (q: Tensor, x: Tensor): Tensor => sub(x, matmul(q, matmul(matrixTranspose(q), x)));

/** F with F_ij = 1/(s_j² − s_i²), 0 where they are equal; factored, so that close values keep their digits. */
function inverseGaps(s: Tensor): Tensor {
  const [row, column] = [expandDims(s, -2), expandDims(s, -1)];
  return mul(safeInverse(sub(row, column)), safeInverse(add(row, column)));
}

/** U, one row of singular values, and V, above one another: k = min(m, n) columns. */
export const svdPrimitive: Primitive<{ readonly rows: number }> = {
  name: "svd",
  form: { kind: "opaque" },
  // J. Townsend, "Differentiating the singular value decomposition" (2016).
  derivative: {
    kind: "custom",
    vjp(g, { output, params: { rows } }) {
      const { u, s, v } = parts(output, rows);
      const { u: gu, s: gs, v: gv } = parts(g, rows);
      const [gaps, row, column] = [inverseGaps(s), expandDims(s, -2), expandDims(s, -1)];
      const inverse = safeInverse(row);
      const skew = (q: Tensor, c: Tensor) => {
        const product = matmul(matrixTranspose(q), c);
        return mul(gaps, sub(product, matrixTranspose(product)));
      };
      const values = mul(expandDims(gs, -1), eye(s.shape[s.dimension - 1], { dtype: s.dtype }));
      const inner = add(add(mul(skew(u, gu), row), mul(column, skew(v, gv))), values);
      const fromU = matmul(mul(outside(u, gu), inverse), matrixTranspose(v));
      const fromV = matmul(u, matrixTranspose(mul(outside(v, gv), inverse)));
      return [add(matmul(matmul(u, inner), matrixTranspose(v)), add(fromU, fromV))];
    },
    jvp([t], { output, params: { rows } }) {
      const { u, s, v } = parts(output, rows);
      const [gaps, row, column] = [inverseGaps(s), expandDims(s, -2), expandDims(s, -1)];
      const inverse = safeInverse(row);
      const moved = matmul(matrixTranspose(u), matmul(t!, v));
      const other = matrixTranspose(moved);
      const turnU = mul(gaps, add(mul(moved, row), mul(column, other)));
      const turnV = mul(gaps, add(mul(column, moved), mul(other, row)));
      const changeU = add(matmul(u, turnU), mul(outside(u, matmul(t!, v)), inverse));
      const changeV = add(matmul(v, turnV), mul(outside(v, matmul(matrixTranspose(t!), u)), inverse));
      return concat([changeU, expandDims(diagonal(moved), -2), changeV], -2);
    },
  },
  samples: [
    { shapes: [[2, 3, 3]], params: { rows: 3 }, domains: [{ kind: "well-conditioned" }] },
    { shapes: [[4, 2]], params: { rows: 4 }, domains: [{ kind: "well-conditioned" }] },
    { shapes: [[2, 3]], params: { rows: 2 }, domains: [{ kind: "well-conditioned" }] },
  ],
  infer: ([a]) => {
    const [m, n] = checkMatrix("svd", a);
    return { shape: [...a.shape.slice(0, -2), m + 1 + n, Math.min(m, n)], dtype: floating(a.dtype) };
  },
  evaluate([a], output) {
    const [m, n] = checkMatrix("svd", a);
    const k = Math.min(m, n);
    const packed = finiteMatricesOf("svd", a).map((matrix) => {
      const { sizes, left, right } = decompose(matrix, m, n);
      const out = new Float64Array((m + 1 + n) * k);
      out.set(transposed(left, k, m));
      out.set(sizes, m * k);
      out.set(transposed(right, k, n), (m + 1) * k);
      return out;
    });
    return fromMatrices(packed, output);
  },
};

const parts = (packed: Tensor, m: number): Factors => ({
  u: rowsOf(packed, 0, m),
  s: squeeze(rowsOf(packed, m, m + 1), -2),
  v: rowsOf(packed, m + 1, packed.shape[packed.dimension - 2]),
});

/**
 * A = U diag(s) Vᵀ for matrices […, m, n], with k = min(m, n): U […, m, k] and V […, n, k] have orthonormal columns, the
 * singular values s […, k] descend. Of the two signs of each pair the one is given that makes the largest entry of the
 * longer vector (of U for square matrices) positive.
 * Derivatives of the vectors need distinct singular values that are not 0.
 * @throws RangeError for entries that are not finite.
 * @example svd(tensor([[3, 0], [0, -2]]))
 */
export function svd(a: TensorLike): { u: Tensor; s: Tensor; v: Tensor } {
  const own = operand("svd", a);
  const [rows] = checkMatrix("svd", own);
  return parts(apply(svdPrimitive, [own], { rows }), rows);
}
