import { eye, type TensorLike } from "../create.js";
import { operand } from "../forms/operands.js";
import { viewPrimitive } from "../forms/view.js";
import { apply } from "../interpreter.js";
import { show } from "../layout.js";
import type { Primitive } from "../primitive.js";
import type { Tensor } from "../tensor.js";
import { mul } from "./arithmetic.js";
import { expandDims } from "./view.js";

const diagonalShape = (shape: readonly number[]): number[] => [
  ...shape.slice(0, -2),
  Math.min(shape[shape.length - 2], shape[shape.length - 1]),
];

export const diagonalPrimitive: Primitive<void> = /* @__PURE__ */ viewPrimitive("diagonal", {
  shape(x) {
    if (x.shape.length < 2) throw new RangeError(`diagonal: expected at least two axes, found shape ${show(x.shape)}`);
    return diagonalShape(x.shape);
  },
  restride: ({ shape, stride, offset }) => ({
    shape: diagonalShape(shape),
    stride: [...stride.slice(0, -2), stride[stride.length - 2] + stride[stride.length - 1]],
    offset,
  }),
  adjoint: (g, { inputs: [x] }) => {
    const [rows, columns] = x.shape.slice(-2);
    // Spread along the longer axis, then everything off the diagonal multiplied by 0.
    return mul(expandDims(g, columns <= rows ? -2 : -1), eye(rows, { columns, dtype: x.dtype }));
  },
  samples: [
    { shapes: [[2, 3, 3]], params: undefined },
    { shapes: [[3, 4]], params: undefined },
    { shapes: [[4, 3]], params: undefined },
  ],
});

/** The main diagonal of each matrix, a view. @example diagonal(tensor([[1, 2], [3, 4]])) */
export const diagonal = (x: TensorLike): Tensor => apply(diagonalPrimitive, [operand("diagonal", x)], undefined);
