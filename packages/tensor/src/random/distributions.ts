import type { TensorLike } from "../create.js";
import type { DType } from "../dtype.js";
import { operand } from "../forms/operands.js";
import { apply } from "../interpreter.js";
import { checkShape, normalizeAxis, sizeOf } from "../layout.js";
import { add, mul, neg, sqrt } from "../primitives/arithmetic.js";
import { cast } from "../primitives/cast.js";
import { clip, less } from "../primitives/comparison.js";
import { log, log1p } from "../primitives/exponential.js";
import { take } from "../primitives/indexing.js";
import { concat } from "../primitives/joining.js";
import { argmax, argsort } from "../primitives/ordering.js";
import { slice } from "../primitives/slice.js";
import { cos, sin } from "../primitives/trigonometric.js";
import { reshape } from "../primitives/view.js";
import { erfc } from "../special.js";
import { Tensor } from "../tensor.js";
import { bitsPrimitive, uniform32Primitive, uniform64Primitive } from "./bits.js";
import { wordsOf } from "./key.js";
import { normalQuantile } from "./quantile.js";

export interface RandomOptions {
  /** `float32` (the default) or `float64`. */
  readonly dtype?: "float32" | "float64";
}

function fractions(name: string, key: Tensor, shape: readonly number[], dtype: DType = "float32"): Tensor {
  checkShape(name, shape);
  if (dtype !== "float32" && dtype !== "float64")
    throw new TypeError(`${name}: expected dtype float32 or float64, found ${dtype}`);
  return apply(dtype === "float32" ? uniform32Primitive : uniform64Primitive, wordsOf(name, key), { shape });
}

/** 32 random bits an element, as int32. @example randomBits(randomKey(1), [4]) */
export function randomBits(key: Tensor, shape: readonly number[]): Tensor {
  checkShape("randomBits", shape);
  return apply(bitsPrimitive, wordsOf("randomBits", key), { shape });
}

export interface UniformOptions extends RandomOptions {
  /** Included. Default: 0. */
  readonly from?: number;
  /** Not included but by rounding. Default: 1. */
  readonly to?: number;
}

/**
 * Numbers spread evenly over [from, to), [0, 1) unless given: multiples of 2⁻²⁴ of the interval in float32, of 2⁻⁵³ in
 * float64.
 * @example uniform(randomKey(1), [2, 3])
 */
export function uniform(
  key: Tensor,
  shape: readonly number[],
  { dtype, from = 0, to = 1 }: UniformOptions = {},
): Tensor {
  const u = fractions("uniform", key, shape, dtype);
  return from === 0 && to === 1 ? u : add(mul(u, to - from), from);
}

/**
 * Numbers from the standard normal distribution (G. E. P. Box, M. E. Muller, 1958). In float32 none is further from 0
 * than 5.77, in float64 than 8.58: the logarithm of the smallest fraction decides.
 * @example normal(randomKey(1), [2, 3])
 */
export function normal(key: Tensor, shape: readonly number[], { dtype }: RandomOptions = {}): Tensor {
  const size = sizeOf(shape);
  const half = Math.ceil(size / 2);
  checkShape("normal", shape);
  const u = fractions("normal", key, [2, half], dtype);
  const radius = sqrt(mul(-2, log1p(neg(slice(u, [0])))));
  const angle = mul(2 * Math.PI, slice(u, [1]));
  const both = concat([mul(radius, cos(angle)), mul(radius, sin(angle))]);
  return reshape(slice(both, [[0, size]]), shape);
}

/** The distribution function of the standard normal. */
const distribution = (x: number): number => erfc(-x * Math.SQRT1_2) / 2;

/**
 * Numbers from the standard normal distribution that lie within [low, high], by its quantile function.
 * @throws RangeError where `low` is not below `high`.
 * @example truncatedNormal(randomKey(1), [4], -2, 2)
 */
export function truncatedNormal(
  key: Tensor,
  shape: readonly number[],
  low: number,
  high: number,
  { dtype = "float32" }: RandomOptions = {},
): Tensor {
  if (!(low < high)) throw new RangeError(`truncatedNormal: expected low < high, found ${low} and ${high}`);
  // In the upper tail 1 − p would lose its digits: there the mirror image is drawn.
  if (low > 0) return neg(truncatedNormal(key, shape, -high, -low, { dtype }));
  const [from, to] = [distribution(low), distribution(high)];
  const p = add(mul(fractions("truncatedNormal", key, shape, "float64"), to - from), from);
  return cast(clip(normalQuantile(p), low, high), dtype);
}

/**
 * 1 with probability `p` (a number, or a tensor that broadcasts to `shape`), else 0, as uint8. `shape` is that of `p`
 * unless given.
 * @example bernoulli(randomKey(1), 0.3, [5])
 */
export function bernoulli(key: Tensor, p: TensorLike, shape?: readonly number[]): Tensor {
  const own = operand("bernoulli", p);
  return less(fractions("bernoulli", key, shape ?? own.shape, own.dtype === "float64" ? "float64" : "float32"), p);
}

/**
 * The number of a class (int32) for each row of logits, with the probabilities softmax(logits) along an axis (the last
 * unless given), by the largest of the logits with Gumbel noise added.
 * @example categorical(randomKey(1), tensor([[0, 1, 2], [2, 1, 0]]))
 */
export function categorical(key: Tensor, logits: TensorLike, { axis = -1 }: { readonly axis?: number } = {}): Tensor {
  const own = operand("categorical", logits);
  const at = normalizeAxis("categorical", axis, own.dimension);
  // 1 − u is in (0, 1], so that no logarithm is infinite but that of 1, whose noise is +∞ with probability 2⁻⁵³.
  const noise = neg(log(neg(log1p(neg(fractions("categorical", key, own.shape, "float64"))))));
  return argmax(add(own, noise), { axis: at });
}

/** The numbers 0 … n − 1 (int32), or the entries of a tensor's first axis, in random order. @example permutation(randomKey(1), 5) */
export function permutation(key: Tensor, x: number | Tensor): Tensor {
  const count = x instanceof Tensor ? (x.shape[0] ?? 0) : x;
  const order = argsort(fractions("permutation", key, [count], "float64"));
  return x instanceof Tensor ? take(x, order, 0) : order;
}
