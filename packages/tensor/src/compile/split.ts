import { contiguousLayout } from "../layout.js";
import type { KernelProgram } from "./kernel.js";
import { readBy, writtenBy } from "./plan.js";

/** A program as two: what the first gives are the first arguments of the one that follows. */
export interface Split {
  readonly first: KernelProgram;
  readonly following: KernelProgram;
}

/** What both read, and what the first gives, is at most this part of what the first reads: it is copied once more. */
const little = 1 / 4;

/** The program as its first kernels and the others; undefined where these need more than a little of what is before. */
export function splitAt({ buffers, kernels, outputs }: KernelProgram, at: number): Split | undefined {
  const [before, after] = [kernels.slice(0, at), kernels.slice(at)];
  const read = before.flatMap(readBy);
  const needed = new Set([...after.flatMap(readBy), ...outputs.map(({ access }) => access.buffer)]);
  const both = [...new Set([...read, ...before.flatMap(writtenBy)])].filter((k) => needed.has(k));
  const given = both.filter((k) => !buffers[k].initial);
  const largest = (some: readonly number[]) => Math.max(0, ...some.map((k) => buffers[k].size));
  if (largest(both) > little * largest(read.filter((k) => buffers[k].initial))) return undefined;
  return {
    first: {
      buffers,
      kernels: before,
      outputs: given.map((buffer) => {
        const { size, dtype } = buffers[buffer];
        return { access: { buffer, layout: contiguousLayout([size]) }, shape: [size], dtype };
      }),
    },
    following: {
      buffers: buffers.map((buffer, k) => {
        const { initial } = buffer;
        const index = initial?.kind === "argument" ? given.length + initial.index : given.indexOf(k);
        return index < 0 ? buffer : { ...buffer, initial: { kind: "argument", index } };
      }),
      kernels: after,
      outputs,
    },
  };
}
