import { describe, scalar, type TensorLike } from "../create.js";
import { type DType, isFloating, promote } from "../dtype.js";
import { Tensor } from "../tensor.js";

/** The operand as a tensor; a number becomes one of the default type. */
export function operand(name: string, x: TensorLike): Tensor {
  if (x instanceof Tensor) return x;
  if (typeof x === "number") return scalar(x);
  throw new TypeError(`${name}: expected a tensor or a number, found ${describe(x)}; make one with tensor(…)`);
}

/** The operands as tensors: numbers take the type of the tensors beside them, whole ones also integer types. */
export function operands(name: string, xs: readonly TensorLike[]): Tensor[] {
  let dtype: DType | undefined;
  let numbers = false;
  for (const x of xs) {
    if (x instanceof Tensor) dtype = dtype === undefined ? x.dtype : promote(dtype, x.dtype);
    else numbers = true;
  }
  if (!numbers) return xs as Tensor[];
  return xs.map((x) =>
    typeof x === "number"
      ? scalar(x, dtype && (isFloating(dtype) || Number.isInteger(x)) ? dtype : "float32")
      : operand(name, x),
  );
}
