import type { TensorLike } from "../create.js";
import { floating, isFloating } from "../dtype.js";
import { operand } from "../forms/operands.js";
import { type Fold, type ReduceParams, reducePrimitive } from "../forms/reduce.js";
import { apply } from "../interpreter.js";
import { normalizeAxes, sizeOf } from "../layout.js";
import type { Derivative, Primitive } from "../primitive.js";
import * as s from "../scalar/instructions.js";
import type { Tensor } from "../tensor.js";
import { sumFloat32 } from "../wasm/eagerSum.js";
import { abs, div, mul, sqrt, square, sub } from "./arithmetic.js";
import { cast } from "./cast.js";
import { equal, notEqual } from "./comparison.js";
import { concat } from "./joining.js";
import { slice } from "./slice.js";
import { broadcastTo, permute, reshape } from "./view.js";

export interface ReduceOptions {
  /** One axis or several; negative ones count from the end. Default: all. */
  readonly axis?: number | readonly number[];
  /** Keep the folded axes, with size 1. Default: false. */
  readonly keepDimensions?: boolean;
}

/** The shape with the folded axes kept, with size 1. */
export const keptShape = (shape: readonly number[], axes: readonly number[]): number[] =>
  shape.map((size, axis) => (axes.includes(axis) ? 1 : size));

/** A result of folding `axes` of `x`, as large as `x` again. */
const spread = (y: Tensor, x: Tensor, axes: readonly number[]): Tensor =>
  broadcastTo(reshape(y, keptShape(x.shape, axes)), x.shape);

function reduction(name: string, primitive: Primitive<ReduceParams>) {
  return (x: TensorLike, { axis, keepDimensions = false }: ReduceOptions = {}): Tensor => {
    const own = operand(name, x);
    const axes = normalizeAxes(name, axis, own.dimension);
    const folded = apply(primitive, [own], { axes });
    return keepDimensions ? reshape(folded, keptShape(own.shape, axes)) : folded;
  };
}

// Four running totals: one would wait for each addition before the next.
const foldSum: Fold = (block, count) => {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let k = 0;
  for (; k + 4 <= count; k += 4) {
    a += block[k];
    b += block[k + 1];
    c += block[k + 2];
    d += block[k + 3];
  }
  for (; k < count; k++) a += block[k];
  return a + b + (c + d);
};

const foldMaximum: Fold = (block, count) => {
  let best = block[0];
  for (let k = 1; k < count; k++) best = Math.max(best, block[k]);
  return best;
};

const foldMinimum: Fold = (block, count) => {
  let best = block[0];
  for (let k = 1; k < count; k++) best = Math.min(best, block[k]);
  return best;
};

export const sumPrimitive: Primitive<ReduceParams> = /* @__PURE__ */ reducePrimitive("sum", {
  identity: 0,
  combine: s.add,
  fold: foldSum,
  foldFloat32: sumFloat32,
  dtype: (input) => (isFloating(input) ? input : "int32"),
  derivative: { kind: "linear", adjoint: (g, _, { inputs: [x], params }) => spread(g, x, params.axes) },
});

/** The entries that attain the extremum share its derivative equally. */
const extremum: Derivative<ReduceParams> = {
  kind: "custom",
  vjp: (g, site) => [mul(spread(g, site.inputs[0], site.params.axes), shares(site))],
  jvp: ([t], site) => sum(mul(t!, shares(site)), { axis: site.params.axes }),
};

function shares({
  inputs: [x],
  output,
  params: { axes },
}: {
  inputs: readonly Tensor[];
  output: Tensor;
  params: ReduceParams;
}): Tensor {
  const attained = cast(equal(x, spread(output, x, axes)), x.dtype);
  // The reciprocal is taken once for all; times 0 or 1 it is the same number as a quotient.
  return mul(attained, div(1, sum(attained, { axis: axes, keepDimensions: true })));
}

export const maxPrimitive: Primitive<ReduceParams> = /* @__PURE__ */ reducePrimitive("max", {
  identity: -Infinity,
  nonEmpty: true,
  combine: s.maximum,
  fold: foldMaximum,
  dtype: (input) => input,
  derivative: extremum,
});

export const minPrimitive: Primitive<ReduceParams> = /* @__PURE__ */ reducePrimitive("min", {
  identity: Infinity,
  nonEmpty: true,
  combine: s.minimum,
  fold: foldMinimum,
  dtype: (input) => input,
  derivative: extremum,
});

/** The sum over axes; of nothing 0. uint8 is summed as int32. @example sum(tensor([[1, 2], [3, 4]]), { axis: 0 }) */
export const sum = /* @__PURE__ */ reduction("sum", sumPrimitive);

/** The largest over axes, not a number where any is. @throws RangeError for an empty axis. @example max(tensor([1, 3, 2])) */
export const max = /* @__PURE__ */ reduction("max", maxPrimitive);

/** The smallest over axes, not a number where any is. @throws RangeError for an empty axis. @example min(tensor([1, 3, 2])) */
export const min = /* @__PURE__ */ reduction("min", minPrimitive);

export const countOf = (x: Tensor, axes: readonly number[]): number => sizeOf(axes.map((axis) => x.shape[axis]));

/** The mean over axes; integers give float32; of nothing, not a number. @example mean(tensor([1, 2, 4])) */
export function mean(x: TensorLike, options: ReduceOptions = {}): Tensor {
  const own = operand("mean", x);
  const real = cast(own, floating(own.dtype));
  return div(sum(real, options), countOf(own, normalizeAxes("mean", options.axis, own.dimension)));
}

export interface VarianceOptions extends ReduceOptions {
  /** Subtracted from the number of entries: 0 (the default) for the population, 1 for the unbiased estimate. */
  readonly degreesOfFreedom?: number;
}

/** The mean squared distance from the mean, in two passes. @example variance(tensor([1, 2, 4])) */
export function variance(x: TensorLike, options: VarianceOptions = {}): Tensor {
  const own = operand("variance", x);
  const count = countOf(own, normalizeAxes("variance", options.axis, own.dimension));
  const centred = sub(own, mean(own, { ...options, keepDimensions: true }));
  return div(sum(square(centred), options), Math.max(count - (options.degreesOfFreedom ?? 0), 0));
}

/**
 * The product over axes; of nothing 1. Multiplied in halves, so that derivatives of every order are right at zeros.
 * @example prod(tensor([1, 2, 3]))
 */
export function prod(x: TensorLike, { axis, keepDimensions = false }: ReduceOptions = {}): Tensor {
  const own = operand("prod", x);
  const axes = normalizeAxes("prod", axis, own.dimension);
  const kept = own.shape.filter((_, k) => !axes.includes(k));
  const ones = broadcastTo(cast(1, own.dtype), [1, ...kept]);
  const toFront = axes.concat(own.shape.map((_, k) => k).filter((k) => !axes.includes(k)));
  let rest = reshape(permute(own, toFront), [countOf(own, axes), ...kept]);
  if (rest.shape[0] === 0) rest = ones;
  while (rest.shape[0] > 1) {
    if (rest.shape[0] % 2 === 1) rest = concat([rest, ones]);
    const half = rest.shape[0] / 2;
    rest = mul(slice(rest, [[0, half]]), slice(rest, [[half, 2 * half]]));
  }
  return reshape(rest, keepDimensions ? keptShape(own.shape, axes) : kept);
}

/** Whether any entry is not 0. @example any(tensor([0, 1])) */
export const any = (x: TensorLike, options: ReduceOptions = {}): Tensor => notEqual(sum(notEqual(x, 0), options), 0);

/** Whether no entry is 0. @example all(tensor([0, 1])) */
export const all = (x: TensorLike, options: ReduceOptions = {}): Tensor => equal(sum(equal(x, 0), options), 0);

export interface NormOptions extends ReduceOptions {
  /** 2 (the default), 1 or infinity. */
  readonly order?: 1 | 2 | typeof Number.POSITIVE_INFINITY;
}

/** The length of the vectors along axes (all: the Frobenius norm). Its derivative at 0 is not defined. @example norm(tensor([3, 4])) */
export function norm(x: TensorLike, { order = 2, ...options }: NormOptions = {}): Tensor {
  const own = operand("norm", x);
  if (order === 1) return sum(abs(own), options);
  if (order === 2) return sqrt(sum(square(own), options));
  if (order === Number.POSITIVE_INFINITY) return max(abs(own), options);
  throw new RangeError(`norm: expected order 1, 2 or Infinity, found ${String(order)}`);
}
