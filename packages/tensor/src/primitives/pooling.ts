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

interface Pool {
  readonly images: Tensor;
  readonly widths: readonly (readonly [number, number])[];
  readonly size: readonly number[];
  readonly stride: readonly number[];
}

function poolOf(name: string, x: TensorLike, size: PerAxis, { stride, padding = "valid" }: PoolingOptions): Pool {
  const own = operand(name, x);
  const images = cast(own, floating(own.dtype));
  if (images.dimension !== 4)
    throw new RangeError(`${name}: expected images [batch, channels, height, width], found ${show(images.shape)}`);
  const sizes = perAxis(name, "size", size, 2);
  const steps = perAxis(name, "stride", stride ?? sizes, 2);
  const space = images.shape.slice(2);
  const around = paddingWidths(
    name,
    padding,
    space,
    sizes.map((n, k) => ({ size: n, stride: steps[k], dilation: 1 })),
  );
  if (sizes.some((n, k) => n > space[k] + around[k][0] + around[k][1]))
    throw new RangeError(`${name}: windows of ${show(sizes)} do not fit images of ${show(space)}`);
  return { images, widths: [[0, 0], [0, 0], ...around], size: sizes, stride: steps };
}

const padded = (x: Tensor, widths: Pool["widths"], value: number): Tensor =>
  widths.some(([before, after]) => before !== 0 || after !== 0) ? pad(x, widths, value) : x;

/**
 * The largest entry of each window of images [batch, channels, height, width].
 * @throws RangeError for windows that do not fit.
 * @example maxPool2d(tensor([[[[1, 2], [3, 4]]]]), 2)
 */
export function maxPool2d(x: TensorLike, size: PerAxis, options: PoolingOptions = {}): Tensor {
  const pool = poolOf("maxPool2d", x, size, options);
  const seen = windows(padded(pool.images, pool.widths, Number.NEGATIVE_INFINITY), pool.size, pool);
  return max(seen, { axis: [-2, -1] });
}

/**
 * The mean of the entries in each window of images [batch, channels, height, width], without those of the padding.
 * @throws RangeError for windows that do not fit.
 * @example avgPool2d(tensor([[[[1, 2], [3, 4]]]]), 2)
 */
export function avgPool2d(x: TensorLike, size: PerAxis, options: PoolingOptions = {}): Tensor {
  const pool = poolOf("avgPool2d", x, size, options);
  const totals = (t: Tensor) => sum(windows(padded(t, pool.widths, 0), pool.size, pool), { axis: [-2, -1] });
  const one = ones([1, 1, ...pool.images.shape.slice(2)], pool.images.dtype);
  return div(totals(pool.images), totals(one));
}
