import type { TensorLike } from "../create.js";
import { allocate, isFloating } from "../dtype.js";
import { operand } from "../forms/operands.js";
import { apply } from "../interpreter.js";
import { normalizeAxis, positionsOf, sizeOf, withoutAxis } from "../layout.js";
import type { Primitive } from "../primitive.js";
import { fromData, type Tensor } from "../tensor.js";

interface CumsumParams {
  readonly axis: number;
  /** From the end to the start. */
  readonly reverse: boolean;
}

export const cumsumPrimitive: Primitive<CumsumParams> = {
  name: "cumsum",
  form: { kind: "opaque" },
  derivative: {
    kind: "linear",
    adjoint: (g, _, { params: { axis, reverse } }) => apply(cumsumPrimitive, [g], { axis, reverse: !reverse }),
  },
  samples: [
    { shapes: [[3, 4]], params: { axis: 1, reverse: false } },
    { shapes: [[3, 4]], params: { axis: 0, reverse: true } },
  ],
  infer: ([x]) => ({ shape: x.shape, dtype: isFloating(x.dtype) ? x.dtype : "int32" }),
  evaluate([x], output, { axis, reverse }) {
    const out = fromData(allocate(output.dtype, sizeOf(output.shape)), output.dtype, output.shape);
    if (out.size === 0) return out;
    const starts = positionsOf(withoutAxis(out, axis));
    const count = x.shape[axis];
    positionsOf(withoutAxis(x, axis)).forEach((start, n) => {
      let total = 0;
      for (let k = 0; k < count; k++) {
        const at = reverse ? count - 1 - k : k;
        total += x.data[start + at * x.stride[axis]];
        out.data[starts[n] + at * out.stride[axis]] = total;
      }
    });
    return out;
  },
};

/**
 * Running totals along an axis (the last unless given), from the start or in `reverse`; uint8 is summed as int32.
 * @example cumsum(tensor([1, 2, 3]))
 */
export function cumsum(
  x: TensorLike,
  { axis = -1, reverse = false }: { readonly axis?: number; readonly reverse?: boolean } = {},
): Tensor {
  const own = operand("cumsum", x);
  return apply(cumsumPrimitive, [own], { axis: normalizeAxis("cumsum", axis, own.dimension), reverse });
}
