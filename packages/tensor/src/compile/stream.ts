import { allocate, bytesPerElement, type TypedArray } from "../dtype.js";
import { contiguousLayout, extent, isContiguous, type Layout, sizeOf } from "../layout.js";
import { uninitialized } from "../memory.js";
import { contiguousTensor, fromData, Tensor } from "../tensor.js";
import { axesOf, foldsAcrossLanes } from "./emit/axes.js";
import type { Executable } from "./executable.js";
import { readsPosition } from "./expression.js";
import type { Access, Kernel, KernelProgram, LoopKernel } from "./kernel.js";
import { type Split, splitAt } from "./split.js";
import { type Totals, totalsOf } from "./totals.js";

// A program of loops over arrays larger than the caches spends its time copying them into its memory and out again.
// Where every loop treats the rows of its arrays (entries along the first axis) by themselves, the program is run over
// one stretch of rows after another: what is copied stays near, and main memory is read and written once. Where only its
// first kernels do, and the others need little of what they read, those are run this way, and the others after them.

/** A part of compilers: `compiler({ streamer, … })`. */
export interface Streamer {
  /** @internal `partly`: whether a cut of the first kernels alone is of use. */
  cut(program: KernelProgram, times: number, partly: boolean): Cut | undefined;
  /** @internal */
  run(make: (program: KernelProgram) => Executable, program: KernelProgram, cut: Cut): Executable;
}

export const streamer: Streamer = { cut, run };

/** Bytes in a stretch, of all arrays together: half of a small second cache. */
const stretch = 2 ** 18;
/** Below so many stretches the arrays fit the caches as they are. */
const fewest = 4;

/** How a program is cut. */
export interface Cut {
  /** Along the first axis of every kernel. */
  readonly rows: number;
  readonly rowsInStretch: number;
  /** The last one may have fewer rows, or one more than the others. */
  readonly stretches: number;
  /** For each buffer the elements of a row; 0 for one that every stretch reads as a whole, and for totals. */
  readonly rowSizes: readonly number[];
  readonly totals: Totals | undefined;
  /** Where only the first kernels are cut. */
  readonly split?: Split;
}

const accessesOf = ({ sources, phases }: LoopKernel) => ({
  loads: sources.flatMap((source) => (source.kind === "load" ? [source.access] : [])),
  stores: phases.flat().flatMap((statement) => (statement.kind === "store" ? [statement.access] : [])),
});

const withRows = (kernel: LoopKernel, rows: number): LoopKernel => ({
  ...kernel,
  shape: [rows, ...kernel.shape.slice(1)],
});

/** In vectors of four: kernels that do so fold across vectors of two as well. */
const foldsAcross = (kernel: LoopKernel): boolean => foldsAcrossLanes(kernel, axesOf(kernel), 4);

/** Whether a row by itself may be folded in another order than beside others, and so rounded otherwise. */
const differsAlone = (kernel: LoopKernel): boolean => foldsAcross(withRows(kernel, 1)) !== foldsAcross(kernel);

/** The elements of one of `rows` rows, where the layout reads row after row, each within its own. */
function rowSize({ shape, stride, offset }: Layout, size: number, rows: number): number | undefined {
  const row = size / rows;
  if (!Number.isInteger(row) || stride[0] !== row) return undefined;
  const range = extent({ shape: shape.slice(1), stride: stride.slice(1), offset });
  return range && range[0] >= 0 && range[1] < row ? row : undefined;
}

/** How the program can be run stretch by stretch, of so many times the usual size; undefined where it cannot, or need not. */
function cut(program: KernelProgram, times: number, partly: boolean): Cut | undefined {
  // No cut can run over more than all there is: long programs over little need not be searched for one.
  const bytes = program.buffers.reduce((sum, { dtype, size }) => sum + size * bytesPerElement[dtype], 0);
  if (bytes < fewest * stretch * Math.min(times, 1)) return undefined;
  const whole = cutOf(program, times);
  if (whole || !partly) return whole;
  const rows = rowsOfKernel(program.kernels[0]);
  const other = program.kernels.findIndex((kernel) => rowsOfKernel(kernel) !== rows);
  for (let at = other < 0 ? program.kernels.length - 1 : other; at > 0; at--) {
    const split = splitAt(program, at);
    const found = split && cutOf(split.first, times);
    // Totals would be rounded otherwise than with threads, which share out whole kernels instead.
    if (found && !found.totals) return { ...found, split };
  }
  return undefined;
}

/** Entries along the first axis. */
const rowsOfKernel = (kernel: Kernel | undefined): number | undefined =>
  kernel?.kind === "loops" ? kernel.shape[0] : undefined;

/** The same for a program of which all is cut. */
function cutOf(program: KernelProgram, times: number): Cut | undefined {
  const totals = totalsOf(program);
  const { buffers, kernels, outputs } = totals?.parts ?? program;
  const rows = rowsOfKernel(kernels[0]);
  if (rows === undefined || rows < fewest) return undefined;
  const rowSizes: (number | undefined)[] = buffers.map(() => undefined);
  const note = ({ buffer }: Access, size: number | undefined): boolean => {
    if (size === undefined || (rowSizes[buffer] ?? size) !== size) return false;
    rowSizes[buffer] = size;
    return true;
  };
  for (const [k, kernel] of kernels.entries()) {
    if (kernel.kind !== "loops" || kernel.shape[0] !== rows) return undefined;
    if (kernel.folded.includes(0) && !(totals && k === kernels.length - 1)) return undefined;
    if (kernel.phases.flat().some(({ value }) => readsPosition(value))) return undefined;
    const { loads, stores } = accessesOf(kernel);
    const isWhole = ({ buffer, layout }: Access) => layout.stride[0] === 0 && buffers[buffer].initial !== undefined;
    const isTotal = ({ buffer }: Access) => buffer >= program.buffers.length;
    const sizeIn = (access: Access) => rowSize(access.layout, buffers[access.buffer].size, rows);
    if (!stores.every((access) => note(access, isTotal(access) ? 0 : sizeIn(access)))) return undefined;
    if (!loads.every((access) => note(access, isWhole(access) ? 0 : sizeIn(access)))) return undefined;
  }
  const sliced = outputs
    .slice(0, resultsOf(program, totals).length)
    .every(
      ({ access: { buffer, layout } }) =>
        (rowSizes[buffer] ?? 0) > 0 &&
        buffers[buffer].initial === undefined &&
        sizeOf(layout.shape) === buffers[buffer].size &&
        layout.offset === 0 &&
        isContiguous(layout),
    );
  const constants = buffers.every(({ initial }, k) => initial?.kind !== "constant" || !rowSizes[k]);
  const rowBytes = rowSizes.reduce<number>((sum, size, k) => sum + (size ?? 0) * bytesPerElement[buffers[k].dtype], 0);
  // Totals are rounded stretch by stretch: these are the same however many threads there are.
  const most = (totals ? Math.min(times, 1) : times) * stretch;
  // Rows are rounded as in one piece, or in the longer stretches of threads.
  const leastRows = (kernels as readonly LoopKernel[]).some(differsAlone) ? 2 : 1;
  const rowsInStretch = Math.max(leastRows, Math.floor(most / Math.max(1, rowBytes)));
  const stretches = Math.ceil((rows - leastRows + 1) / rowsInStretch);
  const enough = rows * rowBytes >= fewest * most && rows >= fewest * rowsInStretch;
  return sliced && constants && enough
    ? { rows, rowsInStretch, stretches, rowSizes: rowSizes.map((size) => size ?? 0), totals }
    : undefined;
}

/** The results that are not computed of totals, by number. */
const resultsOf = ({ outputs }: KernelProgram, totals: Totals | undefined): number[] =>
  [...outputs.keys()].filter((k) => !totals?.isTotal(k));

/** The same program over so many rows. */
function stretchOf({ buffers, kernels, outputs }: KernelProgram, rowSizes: readonly number[], rows: number) {
  return {
    buffers: buffers.map((buffer, k) => (rowSizes[k] > 0 ? { ...buffer, size: rowSizes[k] * rows } : buffer)),
    // Of what loops read and write, the strides count, not the shape.
    kernels: (kernels as readonly LoopKernel[]).map((kernel) => withRows(kernel, rows)),
    outputs: outputs.map((output) => {
      const size = rowSizes[output.access.buffer] * rows;
      if (size === 0) return output;
      const shape = [size];
      return { ...output, access: { ...output.access, layout: contiguousLayout(shape) }, shape };
    }),
  };
}

/** Runs what is cut stretch by stretch, then the kernels that follow. */
function run(make: (program: KernelProgram) => Executable, program: KernelProgram, cut: Cut): Executable {
  const { split } = cut;
  const first = streamed(make, split?.first ?? program, cut);
  if (!split) return first;
  const following = make(split.following);
  return {
    ...following,
    ...together([first, following]),
    call: (inputs, into) => following.call([...first.call(inputs), ...inputs], into),
  };
}

/** What several programs take. */
function together(all: readonly Executable[]) {
  const sum = (what: (one: Executable) => number) => all.reduce((total, one) => total + what(one), 0);
  return {
    moduleBytes: sum(({ moduleBytes }) => moduleBytes),
    memoryBytes: sum(({ memoryBytes }) => memoryBytes),
    instructions: sum(({ instructions }) => instructions),
  };
}

/** Runs the program over one stretch after another, of which the last may have another length. */
function streamed(
  make: (program: KernelProgram) => Executable,
  program: KernelProgram,
  { rows, rowsInStretch, stretches, rowSizes, totals }: Cut,
): Executable {
  const { buffers, outputs } = program;
  /** For each argument the elements of its rows. */
  const argumentRows: number[] = [];
  buffers.forEach(({ initial }, k) => {
    if (initial?.kind === "argument") argumentRows[initial.index] = rowSizes[k];
  });
  const over = (count: number) => make(stretchOf(totals?.parts ?? program, rowSizes, count));
  const left = rows - (stretches - 1) * rowsInStretch;
  const inner = over(rowsInStretch);
  const last = left === rowsInStretch ? inner : over(left);
  const folding = totals && make(totals.folding(stretches));
  const direct = resultsOf(program, totals);
  const parts = (totals?.dtypes ?? []).map((dtype) => allocate(dtype, stretches));
  // Every other call goes from the last stretch to the first: where calls read the same data, as in full-batch training,
  // it finds what the call before read last still in the second cache.
  const order = [...new Uint32Array(stretches).keys()].reverse();
  return {
    ...inner,
    ...together([...new Set([inner, last, folding ?? inner])]),
    call(inputs, into = []) {
      // Threads can fail in the middle of a call, which takes nothing then.
      const early = inner.shares ? [] : into;
      const whole = inputs.map((x, k) => (argumentRows[k] ? apart(contiguousTensor(x), early, true) : apart(x, early)));
      const results = direct.map((k) => early[k] ?? uninitialized(outputs[k].dtype, sizeOf(outputs[k].shape)));
      for (const k of order.reverse()) {
        const row = k * rowsInStretch;
        const count = k < stretches - 1 ? rowsInStretch : left;
        const places = results.map((data) => {
          const size = data.length / rows;
          return data.subarray(row * size, (row + count) * size);
        });
        (count === left ? last : inner).call(
          whole.map((x, n) => rowsOf(x, argumentRows[n], row, count)),
          [...places, ...parts.map((data) => data.subarray(k, k + 1))],
        );
      }
      const folded = folding?.call(
        parts.map((data, k) => fromData(data, totals!.dtypes[k], [stretches])),
        into.filter((_, k) => totals!.isTotal(k)),
      );
      const made = direct.map((k, n) => {
        const data = into[k] ?? results[n];
        if (data !== results[n]) data.set(results[n]);
        return fromData(data, outputs[k].dtype, outputs[k].shape);
      });
      return outputs.map((_, k) => (totals?.isTotal(k) ? folded! : made).shift()!);
    },
  };
}

/**
 * The tensor, or a copy where results are written over it before it is read: over its own rows, which are read then,
 * does no harm.
 */
function apart(x: Tensor, into: readonly (TypedArray | undefined)[], byRows = false): Tensor {
  const { buffer, byteOffset, byteLength } = x.data.subarray(x.offset, x.offset + x.size);
  const isOwn = (target: TypedArray) => byRows && target.byteOffset === byteOffset && target.byteLength === byteLength;
  const overwritten = into.some((target) => target?.buffer === buffer && !isOwn(target));
  return overwritten ? fromData(x.toTypedArray(), x.dtype, x.shape) : x;
}

/** Some rows of a contiguous tensor along one axis; the tensor itself where it has no rows. */
function rowsOf(x: Tensor, rowSize: number | undefined, start: number, count: number): Tensor {
  if (!rowSize) return x;
  return new Tensor(x.storage, x.dtype, [count * rowSize], [1], x.offset + start * rowSize);
}
