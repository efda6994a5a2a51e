import { type Tensor, tensor } from "@kinship/tensor";

/** How a tensor may lie in memory: one entry an axis, surplus ones are ignored. */
export interface Layout {
  /** Axes are laid out from the slowest in the order of these numbers. */
  readonly order: readonly number[];
  readonly reverse: readonly boolean[];
  /** Only each n-th position along an axis is used. */
  readonly step: readonly number[];
  /** Positions before the first that is used. */
  readonly offset: number;
}

/** The same values as a strided view of a larger buffer, whose other positions are not a number. */
export function relaid(x: Tensor, { order, reverse, step, offset }: Layout): Tensor {
  const axes = [...x.shape.keys()].sort((a, b) => (order[a] ?? 0) - (order[b] ?? 0) || a - b);
  const stride = new Array<number>(x.dimension).fill(0);
  let reach = 1;
  for (const axis of axes.reverse()) {
    stride[axis] = reach * (step[axis] ?? 1);
    reach = stride[axis] * Math.max(x.shape[axis], 1);
  }
  let start = offset;
  x.shape.forEach((size, axis) => {
    if (!reverse[axis] || size === 0) return;
    start += stride[axis] * (size - 1);
    stride[axis] = -stride[axis];
  });
  const values = x.toTypedArray();
  const data = values.slice(0, 0).constructor as new (length: number) => typeof values;
  const buffer = new data(offset + reach).fill(Number.NaN);
  const view = tensor({ data: buffer, shape: x.shape, stride, offset: start });
  const index = new Array<number>(x.dimension).fill(0);
  for (let n = 0; n < values.length; n++) {
    buffer[view.index(...index)] = values[n];
    for (let axis = x.dimension - 1; axis >= 0 && ++index[axis] === x.shape[axis]; axis--) index[axis] = 0;
  }
  return view;
}

/** Axes reversed, backwards, with gaps: whoever reads memory instead of the view reads something else. */
export const scrambled = (x: Tensor): Tensor =>
  relaid(x, {
    order: x.shape.map((_, axis) => -axis),
    reverse: x.shape.map(() => true),
    step: x.shape.map(() => 2),
    offset: 3,
  });
