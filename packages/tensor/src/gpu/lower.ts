import type { Buffer, Kernel, KernelProgram, LoopKernel } from "../compile/kernel.js";
import type { Program } from "../compile/program.js";
import { show } from "../layout.js";
import type { Cells } from "./lower/cells.js";
import { storeOf } from "./lower/cells.js";
import { gatherCells, scatterLoops } from "./lower/gather.js";
import { narrow } from "./lower/narrow.js";
import { productKernels } from "./lower/packed.js";
import { inPasses } from "./lower/partials.js";
import { split } from "./lower/split.js";
import { isTile } from "./lower/tiles.js";
import { withWords } from "./lower/words.js";
import type { Packing } from "./packing.js";
import { checkWhole, initialRanges } from "./ranges.js";
import { type CellSource, cellSource } from "./source/source.js";
import { mostElements, UnsupportedOnGpu } from "./unsupported.js";

/** One kernel on the device. */
export interface DeviceKernel extends CellSource {
  readonly label: string;
}

/** A program as kernels on the device, in order. */
export interface DeviceProgram {
  readonly buffers: readonly Buffer[];
  readonly kernels: readonly DeviceKernel[];
  readonly outputs: KernelProgram["outputs"];
  /** Buffers of whole numbers of 32 bits, each as two halves. */
  readonly words: ReadonlySet<number>;
}

/** @throws UnsupportedOnGpu where a value of the program is not what a GPU computes with. */
export function checkTypes({ values }: Program): void {
  values.forEach((value, k) => {
    if (value.dtype !== "float64") return;
    const what = value.kind === "apply" ? value.primitive.name : value.kind;
    throw new UnsupportedOnGpu(
      `openGpu: value %${k} (${what} ${show(value.shape)}) is float64, a GPU computes in float32: cast the arguments to float32, or open the device with narrow: true; with fallback: "cpu" the program runs on the CPU`,
    );
  });
}

function cellsOf(kernel: Kernel, buffers: Buffer[], packing: Packing): readonly Cells[] {
  const apart = (loops: readonly LoopKernel[]) =>
    loops.flatMap((one) => split(one, buffers).map((k) => ({ kernel: k })));
  if (kernel.kind === "loops") return apart([kernel]);
  if (kernel.kind === "product")
    return productKernels(kernel, buffers, packing).flatMap((one) => (isTile(one) ? [{ kernel: one }] : apart([one])));
  const { form, name } = kernel.primitive;
  if (form.kind === "gather") return [gatherCells(kernel, form.batch(kernel.params))];
  if (form.kind === "scatter") return apart([scatterLoops(kernel, form.batch(kernel.params), buffers)]);
  throw new UnsupportedOnGpu(
    `openGpu: ${name} (${kernel.label}) has no GPU kernel; compute it outside of the program and pass it in, or with fallback: "cpu" the program runs on the CPU`,
  );
}

/** Each with what works on loops of one result, whose arrays are read where the loops are. */
const each = (all: readonly Cells[], pass: (kernel: LoopKernel) => readonly Cells[]): readonly Cells[] =>
  all.flatMap((one) => (one.gather || isTile(one.kernel) ? [one] : pass(one.kernel)));

/** @throws UnsupportedOnGpu naming the kernel that cannot run there. */
export function lower({ buffers: initial, kernels, outputs }: KernelProgram, packing: Packing): DeviceProgram {
  const buffers = [...initial];
  const all = kernels.flatMap((kernel) => cellsOf(kernel, buffers, packing));
  const { cells: computed, words } = withWords(all, buffers);
  const narrowed = each(computed, (kernel) => narrow(kernel, buffers).map((one) => ({ kernel: one })));
  const ranges = initialRanges(buffers);
  for (const { kernel } of narrowed) checkWhole(kernel, ranges);
  const cells = each(narrowed, (kernel) => inPasses(kernel, buffers));
  checkSizes(buffers);
  const made = new Set<number>();
  const lowered = cells.map((one): DeviceKernel => {
    const source = cellSource(one, buffers, { fresh: !made.has(storeOf(one.kernel).access.buffer), packing });
    for (const output of source.outputs) made.add(output);
    return { ...source, label: one.kernel.label };
  });
  return { buffers, kernels: lowered.filter(({ cells: count }) => count > 0), outputs, words };
}

function checkSizes(buffers: readonly Buffer[]): void {
  for (const { size, dtype } of buffers)
    if (size >= mostElements)
      throw new UnsupportedOnGpu(
        `openGpu: a ${dtype} value of the program has ${size} elements, kernels address fewer than ${mostElements} exactly: take smaller batches; with fallback: "cpu" the program runs on the CPU`,
      );
}
