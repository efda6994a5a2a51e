import { ones, type TensorLike } from "../create.js";
import { floating } from "../dtype.js";
import { operand } from "../forms/operands.js";
import { show } from "../layout.js";
import type { Tensor } from "../tensor.js";
import { div } from "./arithmetic.js";
import { cast } from "./cast.js";
import { type Padding, paddingWidths } from "./convolution.js";
import { pad } from "./joining.js";
import { max, sum } from "./reduction.js";
import { type PerAxis, perAxis, windows } from "./windows.js";

export interface PoolingOptions {
  /** Default: the size, so that windows do not overlap. */
  readonly stride?: PerAxis;
  /** Entries outside count neither for a maximum nor for a mean. Default: "valid". */
  readonly padding?: Padding;
}

/** What is pooled, in words and by its axes behind the channels. */
interface Kind {
  readonly what: string;
  readonly space: readonly string[];
}

const series: Kind = { what: "series", space: ["length"] };
const images: Kind = { what: "images", space: ["height", "width"] };

interface Pool {
  readonly x: Tensor;
  readonly widths: readonly (readonly [number, number])[];
  readonly size: readonly number[];
  readonly stride: readonly number[];
}

function poolOf(
  name: string,
  { what, space: axes }: Kind,
  given: TensorLike,
  size: PerAxis,
  { stride, padding = "valid" }: PoolingOptions,
): Pool {
  const own = operand(name, given);
  const x = cast(own, floating(own.dtype));
  if (x.dimension !== 2 + axes.length)
    throw new RangeError(`${name}: expected ${what} [batch, channels, ${axes.join(", ")}], found ${show(x.shape)}`);
  const sizes = perAxis(name, "size", size, axes.length);
  const steps = perAxis(name, "stride", stride ?? sizes, axes.length);
  const space = x.shape.slice(2);
  const around = paddingWidths(
    name,
    padding,
    space,
    sizes.map((n, k) => ({ size: n, stride: steps[k], dilation: 1 })),
  );
  if (sizes.some((n, k) => n > space[k] + around[k][0] + around[k][1]))
    throw new RangeError(`${name}: windows of ${show(sizes)} do not fit ${what} of ${show(space)}`);
  return { x, widths: [[0, 0], [0, 0], ...around], size: sizes, stride: steps };
}

/** Each window's entries along the last axes, behind the places of the windows; `value` in the padding. */
function seen({ widths, size, stride }: Pool, x: Tensor, value: number): Tensor {
  const padded = widths.some(([before, after]) => before !== 0 || after !== 0) ? pad(x, widths, value) : x;
  return windows(padded, size, { stride });
}

const entries = ({ size }: Pool): number[] => size.map((_, k) => k - size.length);

function largest(pool: Pool): Tensor {
  return max(seen(pool, pool.x, Number.NEGATIVE_INFINITY), { axis: entries(pool) });
}

function average(pool: Pool): Tensor {
  const totals = (t: Tensor) => sum(seen(pool, t, 0), { axis: entries(pool) });
  return div(totals(pool.x), totals(ones([1, 1, ...pool.x.shape.slice(2)], pool.x.dtype)));
}

/**
 * The largest entry of each window of series [batch, channels, length]: [batch, channels, windows].
 * @throws RangeError for windows that do not fit.
 * @example maxPool1d(tensor([[[1, 3, 2, 4]]]), 2)
 */
export const maxPool1d = (x: TensorLike, size: PerAxis, options: PoolingOptions = {}): Tensor =>
  largest(poolOf("maxPool1d", series, x, size, options));

/**
 * The largest entry of each window of images [batch, channels, height, width].
 * @throws RangeError for windows that do not fit.
 * @example maxPool2d(tensor([[[[1, 2], [3, 4]]]]), 2)
 */
export const maxPool2d = (x: TensorLike, size: PerAxis, options: PoolingOptions = {}): Tensor =>
  largest(poolOf("maxPool2d", images, x, size, options));

/**
 * The mean of the entries in each window of series [batch, channels, length], without those of the padding:
 * [batch, channels, windows].
 * @throws RangeError for windows that do not fit.
 * @example avgPool1d(tensor([[[1, 3, 2, 4]]]), 2)
 */
export const avgPool1d = (x: TensorLike, size: PerAxis, options: PoolingOptions = {}): Tensor =>
  average(poolOf("avgPool1d", series, x, size, options));

/**
 * The mean of the entries in each window of images [batch, channels, height, width], without those of the padding.
 * @throws RangeError for windows that do not fit.
 * @example avgPool2d(tensor([[[[1, 2], [3, 4]]]]), 2)
 */
export const avgPool2d = (x: TensorLike, size: PerAxis, options: PoolingOptions = {}): Tensor =>
  average(poolOf("avgPool2d", images, x, size, options));
