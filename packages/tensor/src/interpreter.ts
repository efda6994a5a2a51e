import type { Primitive } from "./primitive.js";
import type { Tensor } from "./tensor.js";

/** What it means to apply a primitive, for now. The only seam between tensors and everything above them. */
export interface Interpreter {
  apply<P>(primitive: Primitive<P>, inputs: readonly Tensor[], params: P): Tensor;
}

/** Computes, at once. */
export const evaluate: Interpreter = {
  apply(primitive, inputs, params) {
    return primitive.evaluate(inputs, primitive.infer(inputs, params), params);
  },
};

let current: Interpreter = evaluate;

export const currentInterpreter = (): Interpreter => current;

export function apply<P>(primitive: Primitive<P>, inputs: readonly Tensor[], params: P): Tensor {
  return current.apply(primitive, inputs, params);
}

/**
 * Runs `body` with another meaning of `apply`. The meaning is global to the module, so the body must be synchronous.
 * @throws TypeError where the body returns a promise.
 */
export function withInterpreter<T>(interpreter: Interpreter, body: () => T): T {
  const previous = current;
  current = interpreter;
  try {
    const result = body();
    if (typeof (result as { then?: unknown } | undefined)?.then === "function")
      throw new TypeError(
        "withInterpreter: the function returned a promise; await the data first and pass it in, the body must be synchronous",
      );
    return result;
  } finally {
    current = previous;
  }
}
