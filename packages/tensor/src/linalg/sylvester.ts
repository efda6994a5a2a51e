import { floating, promote } from "../dtype.js";
import { apply } from "../interpreter.js";
import type { Primitive } from "../primitive.js";
import { add, neg, sub } from "../primitives/arithmetic.js";
import { matmul } from "../primitives/einsum.js";
import { matrixTranspose } from "../primitives/view.js";
import type { Tensor } from "../tensor.js";
import { eigenInto } from "./eigh.js";
import {
  checkSquare,
  finiteMatricesOf,
  fromMatrices,
  matricesOf,
  symmetric,
  symmetrizeInto,
  transposed,
} from "./matrices.js";

/** A B for square matrices, row by row. */
export function product(a: Float64Array, b: Float64Array, n: number): Float64Array {
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let k = 0; k < n; k++) {
      const factor = a[i * n + k];
      for (let j = 0; j < n; j++) out[i * n + j] += factor * b[k * n + j];
    }
  return out;
}

/**
 * The X with S X + X S = C, for symmetric S: in the eigenbasis of S each entry is divided by the sum of two eigenvalues
 * (0 where that is 0). It needs no gaps between the eigenvalues, and its own derivative is another such equation.
 */
export const sylvesterPrimitive: Primitive<void> = {
  name: "sylvester",
  form: { kind: "opaque" },
  derivative: {
    kind: "custom",
    vjp(g, { inputs: [s], output: x }) {
      const cotangent = sylvester(s, g);
      const onLeft = matmul(cotangent, matrixTranspose(x));
      const onRight = matmul(matrixTranspose(x), cotangent);
      return [neg(symmetric(add(onLeft, onRight))), cotangent];
    },
    jvp([tangentS, tangentC], { inputs: [s], output: x }) {
      if (!tangentS) return sylvester(s, tangentC!);
      const moved = symmetric(tangentS);
      const change = add(matmul(moved, x), matmul(x, moved));
      return sylvester(s, tangentC ? sub(tangentC, change) : neg(change));
    },
  },
  samples: [
    {
      shapes: [
        [2, 3, 3],
        [2, 3, 3],
      ],
      params: undefined,
      domains: [{ kind: "positive definite" }, {}],
    },
  ],
  infer: ([s, c]) => {
    checkSquare("sylvester", s);
    return { shape: c.shape, dtype: floating(promote(s.dtype, c.dtype)) };
  },
  evaluate([s, c], output) {
    const n = checkSquare("sylvester", s);
    const right = matricesOf(c);
    const found = finiteMatricesOf("sylvester", s).map((matrix, k) => {
      symmetrizeInto(matrix, n);
      const { values, vectors } = eigenInto(matrix, n);
      const columns = transposed(vectors, n, n);
      const inner = product(product(vectors, right[k], n), columns, n);
      for (let i = 0; i < n; i++)
        for (let j = 0; j < n; j++) {
          const total = values[i] + values[j];
          inner[i * n + j] = total === 0 ? 0 : inner[i * n + j] / total;
        }
      return product(product(columns, inner, n), vectors, n);
    });
    return fromMatrices(found, output);
  },
};

export const sylvester = (s: Tensor, c: Tensor): Tensor => apply(sylvesterPrimitive, [s, c], undefined);
