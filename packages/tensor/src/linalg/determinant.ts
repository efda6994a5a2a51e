import type { TensorLike } from "../create.js";
import { floating } from "../dtype.js";
import { operand } from "../forms/operands.js";
import { apply } from "../interpreter.js";
import type { Primitive } from "../primitive.js";
import { mul } from "../primitives/arithmetic.js";
import { stack } from "../primitives/joining.js";
import { slice } from "../primitives/slice.js";
import { trace } from "../primitives/vectors.js";
import { expandDims, matrixTranspose } from "../primitives/view.js";
import type { Tensor } from "../tensor.js";
import { factorLu } from "./lu.js";
import { checkSquare, finiteMatricesOf, fromMatrices } from "./matrices.js";
import { inverse, solve } from "./solve.js";

/** Twice expanded, so that it multiplies each matrix of a batch. */
const eachMatrix = (x: Tensor): Tensor => expandDims(expandDims(x, -1), -1);

/** Jacobi's formula: dA ↦ tr(A⁻¹ dA). */
const relativeChange = (a: Tensor, tangent: Tensor): Tensor => trace(solve(a, tangent));

export const detPrimitive: Primitive<void> = {
  name: "det",
  form: { kind: "opaque" },
  // M. Giles (2008), section 2.2.4.
  derivative: {
    kind: "custom",
    vjp: (g, { inputs: [a], output }) => [mul(eachMatrix(mul(g, output)), matrixTranspose(inverse(a)))],
    jvp: ([t], { inputs: [a], output }) => mul(output, relativeChange(a, t!)),
  },
  samples: [{ shapes: [[2, 3, 3]], params: undefined, domains: [{ kind: "well-conditioned" }] }],
  infer: ([a]) => {
    checkSquare("det", a);
    return { shape: a.shape.slice(0, -2), dtype: floating(a.dtype) };
  },
  evaluate([a], output) {
    const n = checkSquare("det", a);
    const found = finiteMatricesOf("det", a).map((matrix) => {
      const { lu, sign } = factorLu(matrix, n);
      let product: number = sign;
      for (let k = 0; k < n; k++) product *= lu[k * n + k];
      return Float64Array.of(product);
    });
    return fromMatrices(found, output);
  },
};

/**
 * The determinant of square matrices […, n, n]; 1 for n = 0. Its derivative is computed for matrices with an inverse.
 * @throws RangeError for entries that are not finite.
 * @example det(tensor([[1, 2], [3, 4]]))
 */
export const det = (a: TensorLike): Tensor => apply(detPrimitive, [operand("det", a)], undefined);

/** The sign and the logarithm of the size of the determinant, side by side on a new last axis. */
export const logdetPrimitive: Primitive<void> = {
  name: "logdet",
  form: { kind: "opaque" },
  derivative: {
    kind: "custom",
    vjp: (g, { inputs: [a] }) => [mul(eachMatrix(lastEntry(g, 1)), matrixTranspose(inverse(a)))],
    jvp([t], { inputs: [a] }) {
      const change = relativeChange(a, t!);
      return stack([mul(0, change), change], -1);
    },
  },
  samples: [{ shapes: [[2, 3, 3]], params: undefined, domains: [{ kind: "well-conditioned" }] }],
  infer: ([a]) => {
    checkSquare("logdet", a);
    return { shape: [...a.shape.slice(0, -2), 2], dtype: floating(a.dtype) };
  },
  evaluate([a], output) {
    const n = checkSquare("logdet", a);
    const found = finiteMatricesOf("logdet", a).map((matrix) => {
      const { lu, sign } = factorLu(matrix, n);
      let signs: number = sign;
      let logarithm = 0;
      for (let k = 0; k < n; k++) {
        signs *= Math.sign(lu[k * n + k]);
        logarithm += Math.log(Math.abs(lu[k * n + k]));
      }
      return Float64Array.of(signs || 0, logarithm);
    });
    return fromMatrices(found, output);
  },
};

const lastEntry = (x: Tensor, k: number): Tensor => slice(x, [...x.shape.slice(0, -1).map(() => null), k]);

/**
 * The determinant as sign (−1, 0 or 1) and logarithm of its size, which neither overflows nor vanishes: −∞ for a
 * singular matrix.
 * @throws RangeError for entries that are not finite.
 * @example logdet(tensor([[2, 0], [0, 3]]))
 */
export function logdet(a: TensorLike): { sign: Tensor; logarithm: Tensor } {
  const both = apply(logdetPrimitive, [operand("logdet", a)], undefined);
  return { sign: lastEntry(both, 0), logarithm: lastEntry(both, 1) };
}
