import type { TensorLike } from "../create.js";
import { floating } from "../dtype.js";
import { operand } from "../forms/operands.js";
import { apply } from "../interpreter.js";
import type { Primitive } from "../primitive.js";
import { add, sub } from "../primitives/arithmetic.js";
import { matmul } from "../primitives/einsum.js";
import { concat } from "../primitives/joining.js";
import { slice } from "../primitives/slice.js";
import { matrixTranspose } from "../primitives/view.js";
import type { Tensor } from "../tensor.js";
import { orthogonalize } from "./householder.js";
import { checkMatrix, finiteMatricesOf, fromMatrices, rowsOf, scaleInto, transposed } from "./matrices.js";
import { solveTriangular } from "./solveTriangular.js";
import { lowerTriangle, upperTriangle } from "./triangle.js";

/** X R⁻¹, or X R⁻ᵀ for `transpose` = false: of Y R = X the solver sees Rᵀ Yᵀ = Xᵀ. */
const divideByTriangle = (x: Tensor, r: Tensor, transpose: boolean): Tensor =>
  matrixTranspose(solveTriangular(r, matrixTranspose(x), { lower: false, transpose }));

/** The symmetric matrix with the lower triangle of X. */
const mirrorLower = (x: Tensor): Tensor => add(lowerTriangle(x), matrixTranspose(lowerTriangle(x, -1)));

/** Q ([m, n]) above R ([n, n]), for m ≥ n. */
export const qrPrimitive: Primitive<void> = {
  name: "qr",
  form: { kind: "opaque" },
  derivative: {
    kind: "custom",
    // M. Seeger et al., "Auto-differentiating linear algebra" (2017), section 4.2, for tall matrices.
    vjp(g, { output }) {
      const { q, r } = halves(output);
      const { q: cotangentQ, r: cotangentR } = halves(g);
      const mixed = sub(matmul(r, matrixTranspose(cotangentR)), matmul(matrixTranspose(cotangentQ), q));
      return [divideByTriangle(add(cotangentQ, matmul(q, mirrorLower(mixed))), r, false)];
    },
    // Q̇ = Q Ω + (I − Q Qᵀ) Ȧ R⁻¹ and Ṙ = (Qᵀ Ȧ R⁻¹ − Ω) R, with Ω skew and equal below the diagonal.
    jvp([t], { output }) {
      const { q, r } = halves(output);
      const relative = divideByTriangle(t!, r, true);
      const inside = matmul(matrixTranspose(q), relative);
      const below = lowerTriangle(inside, -1);
      const turn = sub(below, matrixTranspose(below));
      const changeQ = add(matmul(q, turn), sub(relative, matmul(q, inside)));
      return concat([changeQ, matmul(upperTriangle(sub(inside, turn)), r)], -2);
    },
  },
  samples: [
    { shapes: [[2, 3, 3]], params: undefined, domains: [{ kind: "well-conditioned" }] },
    { shapes: [[4, 2]], params: undefined, domains: [{ kind: "well-conditioned" }] },
  ],
  infer: ([a]) => {
    const [m, n] = checkMatrix("qr", a);
    return { shape: [...a.shape.slice(0, -2), m + n, n], dtype: floating(a.dtype) };
  },
  evaluate([a], output) {
    const [m, n] = checkMatrix("qr", a);
    const packed = finiteMatricesOf("qr", a).map((matrix) => {
      const scale = scaleInto(matrix);
      const columns = transposed(matrix, m, n);
      const r = orthogonalize(columns, m, n);
      const out = new Float64Array((m + n) * n);
      out.set(transposed(columns, n, m));
      for (let k = 0; k < r.length; k++) out[m * n + k] = r[k] * scale;
      return out;
    });
    return fromMatrices(packed, output);
  },
};

function halves(packed: Tensor): { q: Tensor; r: Tensor } {
  const [rows, n] = packed.shape.slice(-2);
  return { q: rowsOf(packed, 0, rows - n), r: rowsOf(packed, rows - n, rows) };
}

/**
 * A = Q R for matrices […, m, n], with k = min(m, n): Q […, m, k] has orthonormal columns, R […, k, n] is upper
 * triangular, its diagonal not negative. Derivatives need the first k columns to be independent.
 * @throws RangeError for entries that are not finite.
 * @example qr(tensor([[3, 1], [4, 2]]))
 */
export function qr(a: TensorLike): { q: Tensor; r: Tensor } {
  const own = operand("qr", a);
  const [m, n] = checkMatrix("qr", own);
  if (m >= n) return halves(apply(qrPrimitive, [own], undefined));
  // The first m columns decide Q; the others follow from it.
  const lead = own.shape.slice(0, -1).map(() => null);
  const { q, r } = halves(apply(qrPrimitive, [slice(own, [...lead, [0, m]])], undefined));
  return { q, r: concat([r, matmul(matrixTranspose(q), slice(own, [...lead, [m, n]]))], -1) };
}
