import { Tensor } from "@kinship/tensor";
import type {} from "vitest";
import { type CheckOptions, checkDerivatives } from "./check.js";
import { type Closeness, differenceOf } from "./closeness.js";

interface Verdict {
  readonly pass: boolean;
  readonly message: () => string;
}

/** For `expect.extend(matchers)`. */
export const matchers = {
  toHaveCorrectDerivatives(f: unknown, at: readonly unknown[], options?: CheckOptions): Verdict {
    try {
      checkDerivatives(f as (...args: Tensor[]) => Tensor, at as Tensor[], options);
      return { pass: true, message: () => "expected the derivatives to be wrong, and they are right" };
    } catch (error) {
      // Errors of the function itself are no verdict on its derivatives.
      if (!(error instanceof Error && error.name === "DerivativeError")) throw error;
      return { pass: false, message: () => error.message };
    }
  },

  toBeCloseToTensor(found: unknown, expected: unknown, closeness?: Closeness): Verdict {
    if (!(found instanceof Tensor) || !(expected instanceof Tensor))
      throw new TypeError("toBeCloseToTensor: expected two tensors; make them with tensor(…)");
    const difference = differenceOf(found, expected, closeness);
    return {
      pass: difference === undefined,
      message: () => difference ?? "expected the tensors to differ, and they are close",
    };
  },
};

interface TensorMatchers<R> {
  /** Of a function of tensors at these arguments: see `checkDerivatives`. */
  toHaveCorrectDerivatives(at: readonly unknown[], options?: CheckOptions): R;
  /** The same shape and dtype, and every entry within any one of the bounds given. Not-a-number equals itself. */
  toBeCloseToTensor(expected: Tensor, closeness?: Closeness): R;
}

declare module "vitest" {
  // biome-ignore lint/suspicious/noExplicitAny: vitest declares its interface with this default, and both must agree.
  interface Matchers<T = any> extends TensorMatchers<T> {}
}
