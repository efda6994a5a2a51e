import { isContiguous } from "../layout.js";
import type { Kernel, KernelProgram } from "./kernel.js";
import { type Places, readBy, writtenBy } from "./plan.js";

/**
 * Which results may be written where the argument that they replace stands: those that are written when the argument
 * is no longer needed, or element by element as it is read.
 */
export function inPlace({ buffers, kernels, outputs }: KernelProgram, carried: number): Places {
  const places = new Map<number, number>();
  const uses = outputs.map(({ access }) => access.buffer);
  for (let k = 0; k < carried; k++) {
    const result = outputs[k].access.buffer;
    const argument = buffers.findIndex(({ initial }) => initial?.kind === "argument" && initial.index === k);
    if (argument < 0 || buffers[result].initial || uses.filter((buffer) => buffer === result).length > 1) continue;
    if (uses.includes(argument)) continue;
    const lastRead = kernels.reduce((last, kernel, at) => (readBy(kernel).includes(argument) ? at : last), -1);
    const firstWrite = kernels.findIndex((kernel) => writtenBy(kernel).includes(result));
    if (lastRead < firstWrite || (lastRead === firstWrite && readsAsItWrites(kernels[lastRead], argument, result)))
      places.set(result, argument);
  }
  return places;
}

/** Of results without elements, which no kernel writes, there is none. */
function readsAsItWrites(kernel: Kernel | undefined, argument: number, result: number): boolean {
  if (kernel?.kind !== "loops" || kernel.phases.length > 1) return false;
  const { shape, folded } = kernel;
  // A row is written after the loop over what it folds, and would read what that loop wrote.
  if (folded.length > 0 && folded.every((axis) => shape[axis] === 1)) return false;
  const reads = kernel.sources.flatMap((x) => (x.kind === "load" && x.access.buffer === argument ? [x.access] : []));
  const writes = kernel.phases[0].flatMap((x) => (x.kind === "store" && x.access.buffer === result ? [x] : []));
  return writes.every(
    ({ at, access: { layout } }) =>
      at === "full" &&
      isContiguous(layout) &&
      reads.every(
        (read) =>
          read.layout.offset === layout.offset &&
          shape.every((size, axis) => size === 1 || read.layout.stride[axis] === layout.stride[axis]),
      ),
  );
}
