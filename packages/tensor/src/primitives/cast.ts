import type { TensorLike } from "../create.js";
import { type DType, isFloating } from "../dtype.js";
import { operand } from "../forms/operands.js";
import { apply } from "../interpreter.js";
import { uninitialized } from "../memory.js";
import type { Primitive } from "../primitive.js";
import { input } from "../scalar/scalar.js";
import { fromData, type Tensor } from "../tensor.js";

type CastParams = { readonly dtype: DType };

export const castPrimitive: Primitive<CastParams> = {
  name: "cast",
  form: { kind: "map", body: /* @__PURE__ */ input(0) },
  derivative: {
    kind: "custom",
    // To and from integers is a step function: nothing passes.
    vjp: (g, { inputs: [x], params }) => (isFloating(params.dtype) && isFloating(x.dtype) ? [cast(g, x.dtype)] : []),
    jvp: ([t], { params }) => cast(t!, params.dtype),
  },
  samples: [{ shapes: [[3, 4]], params: { dtype: "float64" } }],
  infer: ([x], { dtype }) => ({ shape: x.shape, dtype }),
  evaluate([x], { shape, dtype }) {
    const data = uninitialized(dtype, x.size);
    data.set(x.toTypedArray());
    return fromData(data, dtype, shape);
  },
};

/** The values as another element type; integers drop the fraction and wrap. @example cast(tensor([1.5]), "int32") */
export function cast(x: TensorLike, dtype: DType): Tensor {
  const own = operand("cast", x);
  return own.dtype === dtype ? own : apply(castPrimitive, [own], { dtype });
}
