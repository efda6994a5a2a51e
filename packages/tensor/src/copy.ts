import type { TypedArray } from "./dtype.js";
import { type Layout, sizeOf } from "./layout.js";

/** Joins axes that follow one another in memory and drops those of size 1: the fewest axes that say the same. */
export function mergeAxes({ shape, stride, offset }: Layout): Layout {
  const sizes: number[] = [];
  const steps: number[] = [];
  for (let axis = 0; axis < shape.length; axis++) {
    if (shape[axis] === 1) continue;
    const last = sizes.length - 1;
    if (last >= 0 && steps[last] === stride[axis] * shape[axis]) {
      sizes[last] *= shape[axis];
      steps[last] = stride[axis];
    } else {
      sizes.push(shape[axis]);
      steps.push(stride[axis]);
    }
  }
  return { shape: sizes, stride: steps, offset };
}

/** From this many elements on, a copy by the engine's own routine, which converts too, is faster than a loop. */
const longRun = 128;

/** Copies `count` elements that follow one another, with the conversion that assignment makes. */
export function copyRun(out: TypedArray, at: number, data: TypedArray, from: number, count: number): void {
  if (count >= longRun) out.set(data.subarray(from, from + count), at);
  else for (let k = 0; k < count; k++) out[at + k] = data[from + k];
}

/** Writes the elements of a layout one after another from `at` on, in row-major order, a run at a time. */
export function copyInto(out: TypedArray, at: number, data: TypedArray, layout: Layout): void {
  const { shape, stride, offset } = mergeAxes(layout);
  const size = sizeOf(shape);
  const last = shape.length - 1;
  if (size === 0) return;
  if (last < 0) {
    out[at] = data[offset];
    return;
  }
  const run = shape[last];
  const step = stride[last];
  const index = new Array<number>(shape.length).fill(0);
  let start = offset;
  for (let to = at; to < at + size; to += run) {
    if (step === 1) copyRun(out, to, data, start, run);
    else for (let k = 0, from = start; k < run; k++, from += step) out[to + k] = data[from];
    for (let axis = last - 1; axis >= 0; axis--) {
      start += stride[axis];
      if (++index[axis] < shape[axis]) break;
      start -= stride[axis] * shape[axis];
      index[axis] = 0;
    }
  }
}
