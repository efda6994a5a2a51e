import { eye, type TensorLike } from "../create.js";
import { floating, promote } from "../dtype.js";
import { operand, operands } from "../forms/operands.js";
import { apply } from "../interpreter.js";
import { show } from "../layout.js";
import type { Primitive } from "../primitive.js";
import { neg, sub } from "../primitives/arithmetic.js";
import { matmul } from "../primitives/einsum.js";
import { expandDims, matrixTranspose, squeeze } from "../primitives/view.js";
import type { Tensor } from "../tensor.js";
import { factorLu } from "./lu.js";
import { checkMatrix, checkSquare, finiteMatricesOf, fromMatrices, matricesOf, sameBatch, which } from "./matrices.js";
import { substituteInto } from "./solveTriangular.js";

export const solvePrimitive: Primitive<void> = {
  name: "solve",
  form: { kind: "opaque" },
  // M. Giles, "Collected matrix derivative results for forward and reverse mode algorithmic differentiation" (2008),
  // section 2.3.1.
  derivative: {
    kind: "custom",
    vjp(g, { inputs: [a], output }, [wantA]) {
      const cotangent = solveMatrices(matrixTranspose(a), g);
      return [wantA ? neg(matmul(cotangent, matrixTranspose(output))) : undefined, cotangent];
    },
    jvp([tangentA, tangentB], { inputs: [a], output }) {
      if (!tangentA) return solveMatrices(a, tangentB!);
      const change = matmul(tangentA, output);
      return solveMatrices(a, tangentB ? sub(tangentB, change) : neg(change));
    },
  },
  samples: [
    {
      shapes: [
        [2, 3, 3],
        [2, 3, 2],
      ],
      params: undefined,
      domains: [{ kind: "well-conditioned" }, {}],
    },
  ],
  infer: ([a, b]) => ({ shape: b.shape, dtype: floating(promote(a.dtype, b.dtype)) }),
  evaluate([a, b], output) {
    const [n, columns] = checkMatrix("solve", b);
    const right = matricesOf(b);
    const solved = finiteMatricesOf("solve", a).map((matrix, k) => {
      const { lu, rows, singular } = factorLu(matrix, n);
      if (singular >= 0)
        throw new RangeError(
          `solve: the matrix${which(k, a)} is singular: no pivot in column ${singular}; use lstsq or pinv`,
        );
      const x = new Float64Array(n * columns);
      rows.forEach((row, i) => {
        x.set(right[k].subarray(row * columns, (row + 1) * columns), i * columns);
      });
      substituteInto(lu, n, x, columns, { lower: true, transpose: false }, true);
      substituteInto(lu, n, x, columns, { lower: false, transpose: false });
      return x;
    });
    return fromMatrices(solved, output);
  },
};

const solveMatrices = (a: Tensor, b: Tensor): Tensor => apply(solvePrimitive, [a, b], undefined);

/**
 * The solution X of A X = B for square matrices A ([…, n, n]) and B ([…, n, columns], or one vector [n]), by elimination
 * with partial pivoting in float64; leading axes broadcast.
 * @throws RangeError for a singular matrix, for sizes that differ, for entries of A that are not finite.
 * @example solve(tensor([[2, 1], [1, 3]]), tensor([3, 5]))
 */
export function solve(a: TensorLike, b: TensorLike): Tensor {
  const [left, right] = operands("solve", [a, b]);
  const n = checkSquare("solve", left);
  const vector = right.dimension === 1;
  const columns = vector ? expandDims(right, 1) : right;
  if (checkMatrix("solve", columns)[0] !== n)
    throw new RangeError(`solve: sizes differ, ${show(left.shape)} and ${show(right.shape)}`);
  const solved = solveMatrices(...sameBatch("solve", left, columns));
  return vector ? squeeze(solved, -1) : solved;
}

/** The inverse of square matrices […, n, n]. @throws RangeError for a singular matrix. @example inverse(tensor([[2, 0], [0, 4]])) */
export function inverse(a: TensorLike): Tensor {
  const own = operand("inverse", a);
  return solve(own, eye(checkSquare("inverse", own), { dtype: floating(own.dtype) }));
}
