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

/** From this many elements on, the engine's own routines are faster than a loop: for a copy, which converts too, and to fill. */
const [longCopy, longFill] = [128, 8];

/** Copies `count` elements, which are so many apart, with the conversion that assignment makes. */
export function copyRun(
  out: TypedArray,
  at: number,
  data: TypedArray,
  from: number,
  count: number,
  fromStep = 1,
  toStep = 1,
): void {
  if (toStep === 1 && fromStep === 1 && count >= longCopy) out.set(data.subarray(from, from + count), at);
  else if (toStep === 1 && fromStep === 0 && count >= longFill) out.fill(data[from], at, at + count);
  else for (let k = 0, p = at, q = from; k < count; k++, p += toStep, q += fromStep) out[p] = data[q];
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
    copyRun(out, target, data, start, run, fromStep, toStep);
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
