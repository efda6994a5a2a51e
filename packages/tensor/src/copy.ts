import type { TypedArray } from "./dtype.js";
import { contiguousStride, type Layout, sizeOf } from "./layout.js";

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

/** Writes the elements of a layout one after another from `at` on, in row-major order. */
export function copyInto(out: TypedArray, at: number, data: TypedArray, layout: Layout): void {
  const { shape } = layout;
  copyBetween(out, { shape, stride: contiguousStride(shape), offset: at }, data, layout);
}

/** Copies element by element between two layouts of one shape, a run along the last axis at a time. */
export function copyBetween(out: TypedArray, to: Layout, data: TypedArray, from: Layout): void {
  const { shape, strides } = mergeBoth(to, from);
  const last = shape.length - 1;
  if (shape.includes(0)) return;
  if (last < 0) {
    out[to.offset] = data[from.offset];
    return;
  }
  const [toStride, fromStride] = strides;
  const run = shape[last];
  const [toStep, fromStep] = [toStride[last], fromStride[last]];
  const index = new Array<number>(shape.length).fill(0);
  let start = from.offset;
  let target = to.offset;
  for (let left = sizeOf(shape); left > 0; left -= run) {
    if (toStep === 1 && fromStep === 1) copyRun(out, target, data, start, run);
    else if (toStep === 1 && fromStep === 0) out.fill(data[start], target, target + run);
    else for (let k = 0, p = target, q = start; k < run; k++, p += toStep, q += fromStep) out[p] = data[q];
    for (let axis = last - 1; axis >= 0; axis--) {
      start += fromStride[axis];
      target += toStride[axis];
      if (++index[axis] < shape[axis]) break;
      start -= fromStride[axis] * shape[axis];
      target -= toStride[axis] * shape[axis];
      index[axis] = 0;
    }
  }
}

/** As `mergeAxes`, for two layouts of one shape: axes join where they follow one another in both. */
function mergeBoth(a: Layout, b: Layout): { shape: number[]; strides: readonly [number[], number[]] } {
  const shape: number[] = [];
  const strides = [[], []] as [number[], number[]];
  for (let axis = 0; axis < a.shape.length; axis++) {
    const size = a.shape[axis];
    if (size === 1) continue;
    const last = shape.length - 1;
    const [p, q] = [a.stride[axis], b.stride[axis]];
    if (last >= 0 && strides[0][last] === p * size && strides[1][last] === q * size) {
      shape[last] *= size;
      strides[0][last] = p;
      strides[1][last] = q;
    } else {
      shape.push(size);
      strides[0].push(p);
      strides[1].push(q);
    }
  }
  return { shape, strides };
}
