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

class Recorder implements Interpreter {
  readonly values: Value[] = [];
  readonly #numbers = new Map<Tensor, number>();

  add(tensor: Tensor, value: Value): void {
    this.#numbers.set(tensor, this.values.push(value) - 1);
  }

  /** The number of a value; a tensor that the program did not make is a constant of it, as it is now. */
  numberOf(x: Tensor): number {
    const known = this.#numbers.get(x);
    if (known !== undefined) return known;
    this.add(x, { kind: "constant", tensor: snapshot(x), shape: x.shape, dtype: x.dtype });
    return this.values.length - 1;
  }

  apply<P>(primitive: Primitive<P>, inputs: readonly Tensor[], params: P): Tensor {
    const signature = primitive.infer(inputs, params);
    const numbers = inputs.map((x) => this.numberOf(x));
    const output = placeholder(signature);
    this.add(output, { ...signature, kind: "apply", primitive: primitive as Primitive, inputs: numbers, params });
    return output;
  }
}

/** A copy of what a captured tensor reads, so that later writes do not change the program. */
function snapshot(x: Tensor): Tensor {
  if (!isUniform(x)) return fromData(x.toTypedArray(), x.dtype, x.shape);
  const one = fromData(x.data.slice(x.offset, x.offset + 1), x.dtype, []);
  return viewOf(one, broadcastLayout(one, x.shape));
}

/** Runs `f` once on placeholders of these signatures and writes down what it applies. */
export function record(
  f: (placeholders: readonly Tensor[]) => readonly Tensor[],
  signatures: readonly Signature[],
): Program {
  const recorder = new Recorder();
  const placeholders = signatures.map((signature, index) => {
    const x = placeholder(signature);
    recorder.add(x, { kind: "argument", index, shape: signature.shape, dtype: signature.dtype });
    return x;
  });
  const outputs = withInterpreter(recorder, () => f(placeholders).map((x) => recorder.numberOf(x)));
  return { values: recorder.values, outputs };
}
