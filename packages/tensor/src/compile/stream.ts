import { allocate, type TypedArray } from "../dtype.js";
import { extent, isContiguous, type Layout, sizeOf } from "../layout.js";
import { uninitialized } from "../memory.js";
import { contiguousTensor, fromData, Tensor } from "../tensor.js";
import type { Executable } from "./executable.js";
import { readsPosition } from "./expression.js";
import type { Access, KernelProgram, LoopKernel } from "./kernel.js";

// A program of loops over arrays larger than the caches spends its time copying them into its memory and out again.
// Where every loop treats the rows of its arrays (entries along the first axis) by themselves, the program is run over
// one stretch of rows after another: what is copied stays near, and main memory is read and written once.

/** A part of compilers: `compiler({ streamer, … })`. */
export interface Streamer {
  /** @internal */
  cut(program: KernelProgram, times: number): Cut | undefined;
  /** @internal */
  stretch(program: KernelProgram, cut: Cut): KernelProgram;
  /** @internal */
  run(inner: Executable, program: KernelProgram, cut: Cut): Executable;
}

export const streamer: Streamer = { cut: cutOf, stretch: oneStretch, run: streamed };

/** Elements in a stretch: a handful of arrays of them stay in the second cache. */
const stretch = 16384;
/** Below so many stretches the arrays fit the caches as they are. */
const fewest = 4;

/** How a program is cut. */
export interface Cut {
  /** Along the first axis of every kernel. */
  readonly rows: number;
  readonly rowsInStretch: number;
  /** For each buffer the elements of a row; 0 for one that every stretch reads as a whole. */
  readonly rowSizes: readonly number[];
}

const accessesOf = ({ sources, phases }: LoopKernel) => ({
  loads: sources.flatMap((source) => (source.kind === "load" ? [source.access] : [])),
  stores: phases.flat().flatMap((statement) => (statement.kind === "store" ? [statement.access] : [])),
});

/** The elements of one of `rows` rows, where the layout reads row after row, each within its own. */
function rowSize({ shape, stride, offset }: Layout, size: number, rows: number): number | undefined {
  const row = size / rows;
  if (!Number.isInteger(row) || stride[0] !== row) return undefined;
  const range = extent({ shape: shape.slice(1), stride: stride.slice(1), offset });
  return range && range[0] >= 0 && range[1] < row ? row : undefined;
}

/** How the program can be run stretch by stretch, of so many times the usual size; undefined where it cannot, or need not. */
function cutOf({ buffers, kernels, outputs }: KernelProgram, times: number): Cut | undefined {
  const [first] = kernels;
  const rows = first?.kind === "loops" ? first.shape[0] : undefined;
  if (rows === undefined || rows < fewest) return undefined;
  const rowSizes: (number | undefined)[] = buffers.map(() => undefined);
  const note = ({ buffer }: Access, size: number | undefined): boolean => {
    if (size === undefined || (rowSizes[buffer] ?? size) !== size) return false;
    rowSizes[buffer] = size;
    return true;
  };
  for (const kernel of kernels) {
    if (kernel.kind !== "loops" || kernel.shape[0] !== rows || kernel.folded.includes(0)) return undefined;
    if (kernel.phases.flat().some(({ value }) => readsPosition(value))) return undefined;
    const { loads, stores } = accessesOf(kernel);
    const isWhole = ({ buffer, layout }: Access) => layout.stride[0] === 0 && buffers[buffer].initial !== undefined;
    const sizeIn = (access: Access) => rowSize(access.layout, buffers[access.buffer].size, rows);
    if (!stores.every((access) => note(access, sizeIn(access)))) return undefined;
    if (!loads.every((access) => note(access, isWhole(access) ? 0 : sizeIn(access)))) return undefined;
  }
  const sliced = outputs.every(
    ({ access: { buffer, layout } }) =>
      (rowSizes[buffer] ?? 0) > 0 &&
      buffers[buffer].initial === undefined &&
      layout.offset === 0 &&
      isContiguous(layout),
  );
  const constants = buffers.every(({ initial }, k) => initial?.kind !== "constant" || !rowSizes[k]);
  const largest = Math.max(...rowSizes.map((size) => size ?? 0));
  const rowsInStretch = Math.max(1, Math.floor((times * stretch) / Math.max(1, largest)));
  const enough = rows * largest >= fewest * times * stretch && rows >= fewest * rowsInStretch;
  if (!sliced || !constants || !enough) return undefined;
  return { rows, rowsInStretch, rowSizes: rowSizes.map((size) => size ?? 0) };
}

/** The same program over one stretch. */
function oneStretch({ buffers, kernels, outputs }: KernelProgram, { rowsInStretch, rowSizes }: Cut): KernelProgram {
  const cutShape = (shape: readonly number[]) => [rowsInStretch, ...shape.slice(1)];
  const cut = ({ buffer, layout }: Access): Access => ({
    buffer,
    layout: { ...layout, shape: cutShape(layout.shape) },
  });
  return {
    buffers: buffers.map((buffer, k) => (rowSizes[k] > 0 ? { ...buffer, size: rowSizes[k] * rowsInStretch } : buffer)),
    kernels: (kernels as readonly LoopKernel[]).map((kernel) => ({
      ...kernel,
      shape: cutShape(kernel.shape),
      sources: kernel.sources.map((source) =>
        source.kind === "load" ? { ...source, access: cut(source.access) } : source,
      ),
      phases: kernel.phases.map((phase) =>
        phase.map((statement) =>
          statement.kind === "store" ? { ...statement, access: cut(statement.access) } : statement,
        ),
      ),
    })),
    outputs: outputs.map(({ access: { buffer }, dtype }) => {
      const shape = [rowSizes[buffer] * rowsInStretch];
      return { access: { buffer, layout: { shape, stride: [1], offset: 0 } }, shape, dtype };
    }),
  };
}

/** Runs the program of one stretch over all of them; rows that are left over are run in memory of their own. */
function streamed(inner: Executable, { buffers, outputs }: KernelProgram, cut: Cut): Executable {
  const { rows, rowsInStretch, rowSizes } = cut;
  /** For each argument the elements of its rows. */
  const argumentRows: number[] = [];
  buffers.forEach(({ initial }, k) => {
    if (initial?.kind === "argument") argumentRows[initial.index] = rowSizes[k];
  });
  const resultRows = outputs.map(({ access }) => rowSizes[access.buffer]);
  const rest = rows % rowsInStretch;
  const end = rows - rest;
  return {
    ...inner,
    call(inputs, into = []) {
      const whole = inputs.map((x, k) => (argumentRows[k] ? apart(contiguousTensor(x), into, true) : apart(x, into)));
      const results = outputs.map(({ dtype, shape }, k) => into[k] ?? uninitialized(dtype, sizeOf(shape)));
      for (let row = 0; row < end; row += rowsInStretch) {
        const parts = whole.map((x, k) => rowsOf(x, argumentRows[k], row, rowsInStretch));
        const places = results.map((data, k) =>
          data.subarray(row * resultRows[k], (row + rowsInStretch) * resultRows[k]),
        );
        inner.call(parts, places);
      }
      if (rest > 0) {
        // Results may share memory with inputs, so no row may be computed twice.
        const parts = whole.map((x, k) =>
          padded(rowsOf(x, argumentRows[k], end, rest), argumentRows[k] * rowsInStretch),
        );
        inner.call(parts).forEach(({ data }, k) => {
          results[k].set(data.subarray(0, rest * resultRows[k]), end * resultRows[k]);
        });
      }
      return outputs.map(({ dtype, shape }, k) => fromData(results[k], dtype, shape));
    },
  };
}

/** The tensor, or a copy where results are written over it before it is read: over rows as they are read does no harm. */
function apart(x: Tensor, into: readonly (TypedArray | undefined)[], byRows = false): Tensor {
  const { data } = x;
  const start = data.byteOffset + x.offset * data.BYTES_PER_ELEMENT;
  const overwritten = into.some((target) => target?.buffer === data.buffer && !(byRows && target.byteOffset === start));
  return overwritten ? fromData(x.toTypedArray(), x.dtype, x.shape) : x;
}

/** Some rows of a contiguous tensor along one axis; the tensor itself where it has no rows. */
function rowsOf(x: Tensor, rowSize: number | undefined, start: number, count: number): Tensor {
  if (!rowSize) return x;
  return new Tensor(x.storage, x.dtype, [count * rowSize], [1], x.offset + start * rowSize);
}

/** The elements followed by zeros up to `size`, where there are fewer. */
function padded(x: Tensor, size: number): Tensor {
  if (!(x.size < size)) return x;
  const copy = allocate(x.dtype, size);
  copy.set(x.data.subarray(x.offset, x.offset + x.size));
  return fromData(copy, x.dtype, [size]);
}
