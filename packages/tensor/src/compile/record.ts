import type { TypedArray } from "../dtype.js";
import { type Interpreter, withInterpreter } from "../interpreter.js";
import { broadcastLayout, contiguousStride, isUniform } from "../layout.js";
import type { Primitive, Signature } from "../primitive.js";
import { fromData, type Storage, Tensor, viewOf } from "../tensor.js";
import type { Program, Value } from "./program.js";

/** The memory of a value that is not known yet. */
class Unknown implements Storage {
  readonly version = 0;
  get data(): TypedArray {
    throw new Error(
      "compile: a value was read while the function was being compiled; return it and read it after the call, or choose with where(…) instead of if",
    );
  }
}

export const placeholder = ({ shape, dtype }: Signature): Tensor =>
  new Tensor(new Unknown(), dtype, shape, contiguousStride(shape), 0);

/** A copy of what a captured tensor reads, so that later writes do not change the program. */
function snapshot(x: Tensor): Tensor {
  if (!isUniform(x)) return fromData(x.toTypedArray(), x.dtype, x.shape);
  const one = fromData(x.data.slice(x.offset, x.offset + 1), x.dtype, []);
  return viewOf(one, broadcastLayout(one, x.shape));
}

/**
 * Runs `f` once on placeholders of these signatures and writes down what it applies. A tensor that the program does not
 * make is a constant of it.
 * @throws Error where such a tensor is written to later on: `f` would go on with other values than the program.
 */
export function record(
  f: (placeholders: readonly Tensor[]) => readonly Tensor[],
  signatures: readonly Signature[],
): Program {
  const values: Value[] = [];
  const numbers = new Map<Tensor, number>();
  /** What became constants, and how often it had been written to by then. */
  const captured: [Storage, number][] = [];
  const add = (tensor: Tensor, value: Value): Tensor => {
    numbers.set(tensor, values.push(value) - 1);
    return tensor;
  };
  const numberOf = (x: Tensor): number => {
    if (!numbers.has(x)) {
      captured.push([x.storage, x.storage.version]);
      add(x, { kind: "constant", tensor: snapshot(x), shape: x.shape, dtype: x.dtype });
    }
    return numbers.get(x)!;
  };
  const recorder: Interpreter = {
    apply<P>(primitive: Primitive<P>, inputs: readonly Tensor[], params: P): Tensor {
      const signature = primitive.infer(inputs, params);
      const value = { kind: "apply", primitive: primitive as Primitive, inputs: inputs.map(numberOf), params } as const;
      return add(placeholder(signature), { ...signature, ...value });
    },
  };
  const placeholders = signatures.map((signature, index) =>
    add(placeholder(signature), { ...signature, kind: "argument", index }),
  );
  const outputs = withInterpreter(recorder, () => f(placeholders).map(numberOf));
  if (captured.some(([{ version }, before]) => version !== before))
    throw new Error(
      "compile: a tensor was written to after it was recorded; write before the function runs, or into a copy",
    );
  return { values, outputs };
}
