import type { TensorLike } from "../create.js";
import { floating, promote } from "../dtype.js";
import { operands } from "../forms/operands.js";
import { apply } from "../interpreter.js";
import { show } from "../layout.js";
import type { Primitive } from "../primitive.js";
import { neg, sub } from "../primitives/arithmetic.js";
import { matmul } from "../primitives/einsum.js";
import { expandDims, matrixTranspose, squeeze } from "../primitives/view.js";
import type { Tensor } from "../tensor.js";
import { checkMatrix, checkSquare, fromMatrices, matricesOf, sameBatch, which } from "./matrices.js";
import { lowerTriangle, upperTriangle } from "./triangle.js";

export interface TriangularParams {
  /** Which triangle is read; the other is taken as zero. */
  readonly lower: boolean;
  /** Solve with the transpose of the triangle. */
  readonly transpose: boolean;
}

/** Overwrites `b` ([n, columns]) with the solution of op(T) X = B, by substitution; a unit diagonal is not read. */
export function substituteInto(
  t: Float64Array,
  n: number,
  b: Float64Array,
  columns: number,
  { lower, transpose }: TriangularParams,
  unitDiagonal = false,
): void {
  const forward = lower !== transpose;
  for (let step = 0; step < n; step++) {
    const i = forward ? step : n - 1 - step;
    for (let past = 0; past < step; past++) {
      const k = forward ? past : n - 1 - past;
      const factor = transpose ? t[k * n + i] : t[i * n + k];
      if (factor !== 0) for (let c = 0; c < columns; c++) b[i * columns + c] -= factor * b[k * columns + c];
    }
    if (unitDiagonal) continue;
    const pivot = t[i * n + i];
    for (let c = 0; c < columns; c++) b[i * columns + c] /= pivot;
  }
}

const triangle = (x: Tensor, lower: boolean): Tensor => (lower ? lowerTriangle(x) : upperTriangle(x));

export const solveTriangularPrimitive: Primitive<TriangularParams> = {
  name: "solveTriangular",
  form: { kind: "opaque" },
  derivative: {
    kind: "custom",
    vjp(g, { inputs: [t], output, params }, [wantT]) {
      const cotangent = substitution(t, g, { ...params, transpose: !params.transpose });
      // T X = B: T̄ = −B̄ Xᵀ on the triangle; with the transpose, −X B̄ᵀ.
      const product = params.transpose
        ? matmul(output, matrixTranspose(cotangent))
        : matmul(cotangent, matrixTranspose(output));
      return [wantT ? neg(triangle(product, params.lower)) : undefined, cotangent];
    },
    jvp([tangentT, tangentB], { inputs: [t], output, params }) {
      if (!tangentT) return substitution(t, tangentB!, params);
      const moved = triangle(tangentT, params.lower);
      const change = matmul(params.transpose ? matrixTranspose(moved) : moved, output);
      return substitution(t, tangentB ? sub(tangentB, change) : neg(change), params);
    },
  },
  samples: /* @__PURE__ */ [true, false].flatMap((lower) =>
    [true, false].map((transpose) => ({
      shapes: [
        [2, 3, 3],
        [2, 3, 2],
      ],
      params: { lower, transpose },
      domains: [{ kind: "well-conditioned" as const }, {}],
    })),
  ),
  infer: ([t, b]) => ({ shape: b.shape, dtype: floating(promote(t.dtype, b.dtype)) }),
  evaluate([t, b], output, params) {
    const [n, columns] = checkMatrix("solveTriangular", b);
    const right = matricesOf(b);
    matricesOf(t).forEach((matrix, k) => {
      for (let i = 0; i < n; i++)
        if (matrix[i * n + i] === 0)
          throw new RangeError(`solveTriangular: the matrix${which(k, t)} is singular: diagonal entry ${i} is 0`);
      substituteInto(matrix, n, right[k], columns, params);
    });
    return fromMatrices(right, output);
  },
};

const substitution = (t: Tensor, b: Tensor, params: TriangularParams): Tensor =>
  apply(solveTriangularPrimitive, [t, b], params);

/**
 * The solution X of T X = B for a triangular T ([…, n, n]) and B ([…, n, columns], or one vector [n]); leading axes
 * broadcast. Only the named triangle of T is read.
 * @throws RangeError for sizes that differ and for a 0 on the diagonal.
 * @example solveTriangular(tensor([[2, 0], [1, 1]]), tensor([2, 3]))
 */
export function solveTriangular(
  t: TensorLike,
  b: TensorLike,
  { lower = true, transpose = false }: Partial<TriangularParams> = {},
): Tensor {
  const [left, right] = operands("solveTriangular", [t, b]);
  const n = checkSquare("solveTriangular", left);
  const vector = right.dimension === 1;
  const columns = vector ? expandDims(right, 1) : right;
  if (checkMatrix("solveTriangular", columns)[0] !== n)
    throw new RangeError(`solveTriangular: sizes differ, ${show(left.shape)} and ${show(right.shape)}`);
  const solved = substitution(...sameBatch("solveTriangular", left, columns), { lower, transpose });
  return vector ? squeeze(solved, -1) : solved;
}
