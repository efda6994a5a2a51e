import { copyRun } from "../copy.js";
import type { TypedArray } from "../dtype.js";
import { broadcastLayout, isContiguous, type Layout } from "../layout.js";
import type { Tensor } from "../tensor.js";

/** Fills a block with elements `start … start + count` in row-major order. Blocks must be asked for in order. */
export type Reader = (block: TypedArray, start: number, count: number) => void;

export function reader(x: Tensor, shape: readonly number[]): Reader {
  const layout = broadcastLayout(x, shape);
  const { data } = x;
  if (isContiguous(layout)) {
    const { offset } = layout;
    return (block, start, count) => copyRun(block, 0, data, offset + start, count);
  }
  if (layout.stride.every((step) => step === 0))
    return (block, start, count) => {
      // What is never written over is filled once: the first block is the longest.
      if (start === 0) block.fill(data[layout.offset], 0, count);
    };
  return walker(data, layout);
}

function walker(data: TypedArray, { shape, stride, offset }: Layout): Reader {
  const last = shape.length - 1;
  const index = new Array<number>(shape.length).fill(0);
  let position = offset;
  return (block, _, count) => {
    let i = 0;
    while (i < count) {
      // A run along the last axis, then one step of the odometer.
      const run = Math.min(count - i, shape[last] - index[last]);
      const step = stride[last];
      copyRun(block, i, data, position, run, step);
      i += run;
      position += run * step;
      index[last] += run;
      for (let axis = last; axis > 0 && index[axis] === shape[axis]; axis--) {
        position += stride[axis - 1] - stride[axis] * shape[axis];
        index[axis] = 0;
        index[axis - 1]++;
      }
    }
  };
}
