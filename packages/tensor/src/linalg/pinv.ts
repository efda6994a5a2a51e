import { eye, type TensorLike } from "../create.js";
import { floating } from "../dtype.js";
import { operand, operands } from "../forms/operands.js";
import { apply } from "../interpreter.js";
import { show } from "../layout.js";
import type { Primitive } from "../primitive.js";
import { add, sub } from "../primitives/arithmetic.js";
import { matmul } from "../primitives/einsum.js";
import { expandDims, matrixTranspose, squeeze } from "../primitives/view.js";
import type { Tensor } from "../tensor.js";
import { addRange } from "./householder.js";
import { checkMatrix, finiteMatricesOf, fromMatrices } from "./matrices.js";
import { decompose } from "./svd.js";

interface PseudoinverseParams {
  /** Singular values up to this part of the largest count as 0; undefined: max(m, n)·2⁻⁵² (2⁻²³ for float32). */
  readonly tolerance: number | undefined;
}

const complement = (product: Tensor): Tensor =>
  sub(eye(product.shape[product.dimension - 1], { dtype: product.dtype }), product);

export const pinvPrimitive: Primitive<PseudoinverseParams> = {
  name: "pinv",
  form: { kind: "opaque" },
  // G. H. Golub, V. Pereyra, "The differentiation of pseudo-inverses and nonlinear least squares problems whose
  // variables separate" (1973), equation 4.12.
  derivative: {
    kind: "custom",
    vjp(g, { inputs: [a], output: p }) {
      const [pT, gT] = [matrixTranspose(p), matrixTranspose(g)];
      const inner = matmul(pT, matmul(g, pT));
      const fromRows = matmul(complement(matmul(a, p)), matmul(gT, matmul(p, pT)));
      const fromColumns = matmul(matmul(pT, p), matmul(gT, complement(matmul(p, a))));
      return [sub(add(fromRows, fromColumns), inner)];
    },
    jvp([t], { inputs: [a], output: p }) {
      const [pT, tT] = [matrixTranspose(p), matrixTranspose(t!)];
      const inner = matmul(p, matmul(t!, p));
      const fromRows = matmul(matmul(p, pT), matmul(tT, complement(matmul(a, p))));
      const fromColumns = matmul(complement(matmul(p, a)), matmul(tT, matmul(pT, p)));
      return sub(add(fromRows, fromColumns), inner);
    },
  },
  samples: [
    { shapes: [[2, 4, 2]], params: { tolerance: undefined }, domains: [{ kind: "well-conditioned" }] },
    { shapes: [[3, 3]], params: { tolerance: undefined }, domains: [{ kind: "well-conditioned" }] },
    { shapes: [[2, 3]], params: { tolerance: undefined }, domains: [{ kind: "well-conditioned" }] },
  ],
  infer: ([a]) => {
    const [m, n] = checkMatrix("pinv", a);
    return { shape: [...a.shape.slice(0, -2), n, m], dtype: floating(a.dtype) };
  },
  evaluate([a], output, { tolerance }) {
    const [m, n] = checkMatrix("pinv", a);
    const k = Math.min(m, n);
    const relative = tolerance ?? Math.max(m, n) * (output.dtype === "float32" ? 2 ** -23 : Number.EPSILON);
    const found = finiteMatricesOf("pinv", a).map((matrix) => {
      const { sizes, left, right } = decompose(matrix, m, n);
      const out = new Float64Array(n * m);
      for (let j = 0; j < k && sizes[j] > relative * sizes[0]; j++)
        for (let i = 0; i < n; i++) addRange(right[j * n + i] / sizes[j], left, j * m, out, i * m, 0, m);
      return out;
    });
    return fromMatrices(found, output);
  },
};

export interface PseudoinverseOptions {
  /**
   * Singular values up to this part of the largest count as 0. Default: max(m, n) times the distance from 1 to the next
   * number of the element type.
   */
  readonly tolerance?: number;
}

/**
 * The pseudoinverse of matrices […, m, n] (Moore and Penrose), […, n, m]. Its derivative holds where the rank does not
 * change.
 * @throws RangeError for entries that are not finite.
 * @example pinv(tensor([[1, 0], [0, 2], [0, 0]]))
 */
export const pinv = (a: TensorLike, { tolerance }: PseudoinverseOptions = {}): Tensor =>
  apply(pinvPrimitive, [operand("pinv", a)], { tolerance });

/**
 * The X that makes ‖A X − B‖ least, and of several the shortest, for A ([…, m, n]) and B ([…, m, columns], or one vector
 * [m]).
 * @throws RangeError for sizes that differ, for entries of A that are not finite.
 * @example lstsq(tensor([[1, 0], [1, 1], [1, 2]]), tensor([1, 3, 5]))
 */
export function lstsq(a: TensorLike, b: TensorLike, options: PseudoinverseOptions = {}): Tensor {
  const [left, right] = operands("lstsq", [a, b]);
  const [m] = checkMatrix("lstsq", left);
  const vector = right.dimension === 1;
  const columns = vector ? expandDims(right, 1) : right;
  if (checkMatrix("lstsq", columns)[0] !== m)
    throw new RangeError(`lstsq: numbers of rows differ, ${show(left.shape)} and ${show(right.shape)}`);
  const solved = matmul(pinv(left, options), columns);
  return vector ? squeeze(solved, -1) : solved;
}
