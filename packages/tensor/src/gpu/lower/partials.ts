import { readsPosition } from "../../compile/expression.js";
import type { Access, Buffer, LoopKernel, Source } from "../../compile/kernel.js";
import { contiguousStride, type Layout, sizeOf } from "../../layout.js";
import { input } from "../../scalar/scalar.js";
import { type Cells, foldOf, storeOf } from "./cells.js";

/** Rounds in one cell's loop above which the fold is taken in two passes, where there are few cells to keep busy. */
const longest = 1024;
const manyCells = 16384;

/** A long fold as a fold of parts, and a fold of their results. */
export function inPasses(kernel: LoopKernel, buffers: Buffer[]): readonly Cells[] {
  const fold = foldOf(kernel);
  const rounds = kernel.folded.reduce((total, axis) => total * kernel.shape[axis], 1);
  const kept = sizeOf(kernel.shape) / Math.max(1, rounds);
  // The number of an element is counted over all axes as they are.
  if (!fold || rounds <= longest || kept >= manyCells || readsPosition(fold.value)) return [{ kernel }];
  const axis = kernel.folded.reduce((best, other) => (kernel.shape[other] > kernel.shape[best] ? other : best));
  const size = kernel.shape[axis];
  const parts = Math.min(size, longest, Math.ceil(rounds / longest));
  // Whole texels, so that parts begin with one.
  const length = 4 * Math.ceil(size / parts / 4);
  return twoPasses(kernel, buffers, axis, Math.ceil(size / length), length);
}

/** The axis cut in parts: their number stands before all axes, the place within a part where the axis was. */
function cutAxis({ stride, offset }: Layout, shape: readonly number[], axis: number, length: number): Layout {
  return { shape, stride: [stride[axis] * length, ...stride], offset };
}

function twoPasses(kernel: LoopKernel, buffers: Buffer[], axis: number, parts: number, length: number): Cells[] {
  const fold = foldOf(kernel)!;
  const store = storeOf(kernel);
  const shape = [parts, ...kernel.shape.map((size, a) => (a === axis ? length : size))];
  const cut = (access: Access): Access => ({ ...access, layout: cutAxis(access.layout, shape, axis, length) });
  const sources = kernel.sources.map(
    (source): Source => (source.kind === "load" ? { ...source, access: cut(source.access) } : source),
  );
  const place = shape.map((_, a) => (a === 0 ? length : a === axis + 1 ? 1 : 0));
  const guarded = parts * length !== kernel.shape[axis];
  // Any buffer will do: only the position counts.
  const guard: Source = {
    kind: "load",
    access: { buffer: store.access.buffer, layout: { shape, stride: place, offset: 0 } },
    dtype: fold.dtype,
  };
  const keptShape = kernel.shape.map((size, a) => (kernel.folded.includes(a) ? 1 : size));
  const results = [parts, ...keptShape];
  const buffer = buffers.push({ dtype: fold.dtype, size: sizeOf(results) }) - 1;
  const stride = contiguousStride(results).map((step, a) => (results[a] === 1 ? 0 : step));
  const partial: LoopKernel = {
    ...kernel,
    shape,
    folded: kernel.folded.map((a) => a + 1),
    sources: guarded ? [...sources, guard] : sources,
    phases: [[fold, { ...store, access: { buffer, layout: { shape, stride, offset: 0 } }, dtype: fold.dtype }]],
    label: `parts of ${kernel.label}`,
  };
  const wide = (layout: Layout): Layout => ({ ...layout, shape: results, stride: [0, ...layout.stride] });
  const total: LoopKernel = {
    ...kernel,
    shape: results,
    folded: [0],
    sources: [
      { kind: "load", access: { buffer, layout: { shape: results, stride, offset: 0 } }, dtype: fold.dtype },
      { kind: "folded", fold: fold.fold, dtype: fold.dtype },
    ],
    phases: [
      [
        { ...fold, value: input(0) },
        { ...store, value: input(1), access: { ...store.access, layout: wide(store.access.layout) } },
      ],
    ],
  };
  return [
    { kernel: partial, ...(guarded && { guard: { source: sources.length, below: kernel.shape[axis] } }) },
    { kernel: total },
  ];
}
