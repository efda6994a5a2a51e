import type { TensorLike } from "../create.js";
import { floating } from "../dtype.js";
import { operand } from "../forms/operands.js";
import { normalizeAxes, normalizeAxis } from "../layout.js";
import type { Tensor } from "../tensor.js";
import { add, div, mul, sub } from "./arithmetic.js";
import { cast } from "./cast.js";
import { isFinite, where } from "./comparison.js";
import { exp, log } from "./exponential.js";
import { countOf, max, type ReduceOptions, sum } from "./reduction.js";
import { reshape, stopGradient } from "./view.js";

/** Differences of bytes would wrap: powers are of real numbers. */
const real = (name: string, x: TensorLike): Tensor => {
  const own = operand(name, x);
  return cast(own, floating(own.dtype));
};

/** log Σ eˣ over axes, without overflow; of nothing −∞. @example logSumExp(tensor([1000, 1000])) */
export function logSumExp(x: TensorLike, options: ReduceOptions = {}): Tensor {
  const own = real("logSumExp", x);
  const axes = normalizeAxes("logSumExp", options.axis, own.dimension);
  if (countOf(own, axes) === 0) return log(sum(own, options));
  const shift = finiteMaximum(own, axes);
  const total = log(sum(exp(sub(own, shift)), { axis: axes, keepDimensions: true }));
  const result = add(total, shift);
  return options.keepDimensions
    ? result
    : reshape(
        result,
        own.shape.filter((_, axis) => !axes.includes(axis)),
      );
}

/** A shift that keeps exponentials in range: a constant for derivatives, since results do not depend on it. */
const finiteMaximum = (x: Tensor, axes: readonly number[]): Tensor => {
  const top = stopGradient(max(x, { axis: axes, keepDimensions: true }));
  return where(isFinite(top), top, 0);
};

/** eˣ divided by its sum along an axis (the last unless given). @example softmax(tensor([1, 2, 3])) */
export function softmax(x: TensorLike, { axis = -1 }: { readonly axis?: number } = {}): Tensor {
  const own = real("softmax", x);
  const axes = [normalizeAxis("softmax", axis, own.dimension)];
  if (own.size === 0) return own;
  const powers = exp(sub(own, finiteMaximum(own, axes)));
  // The sum is 1 at least, so its reciprocal, of which there is one for many powers, is a number.
  return mul(powers, div(1, sum(powers, { axis: axes, keepDimensions: true })));
}

/** log softmax(x), exact where softmax would round to 0. @example logSoftmax(tensor([1, 2, 3])) */
export function logSoftmax(x: TensorLike, { axis = -1 }: { readonly axis?: number } = {}): Tensor {
  const own = real("logSoftmax", x);
  return own.size === 0 ? own : sub(own, logSumExp(own, { axis, keepDimensions: true }));
}
