import { bytesPerElement } from "../dtype.js";
import type { Kernel, KernelProgram } from "./kernel.js";

/** Where each buffer stands in one block of memory. */
export interface Plan {
  /** Bytes from the start; −1 for a buffer that nothing needs. */
  readonly addresses: readonly number[];
  readonly bytes: number;
  /** The most bytes that are needed at one time: no plan can do with less. */
  readonly largestLive: number;
}

/** Vectors are read and written as wholes: every buffer begins at such a boundary, and may be read a little beyond. */
const alignment = 16;
const slack = 64;

const aligned = (bytes: number): number => Math.ceil(bytes / alignment) * alignment;

export function readBy(kernel: Kernel): readonly number[] {
  if (kernel.kind === "host") return kernel.inputs.map(({ access }) => access.buffer);
  if (kernel.kind === "product") return [kernel.a.buffer, kernel.b.buffer];
  return kernel.sources.flatMap((source) => (source.kind === "load" ? [source.access.buffer] : []));
}

export function writtenBy(kernel: Kernel): readonly number[] {
  if (kernel.kind === "host") return [kernel.output];
  if (kernel.kind === "product") return [kernel.c.buffer];
  return kernel.phases.flat().flatMap((statement) => (statement.kind === "store" ? [statement.access.buffer] : []));
}

/** Stores whose buffers nobody reads are left out: what stayed in registers. */
export function dropStores(program: KernelProgram): KernelProgram {
  const read = new Set([...program.kernels.flatMap(readBy), ...program.outputs.map(({ access }) => access.buffer)]);
  const kernels = program.kernels.map((kernel): Kernel => {
    if (kernel.kind !== "loops") return kernel;
    const phases = kernel.phases.map((phase) =>
      phase.filter((statement) => statement.kind === "fold" || read.has(statement.access.buffer)),
    );
    return { ...kernel, phases };
  });
  return {
    ...program,
    kernels: kernels.filter((kernel) => kernel.kind !== "loops" || kernel.phases.flat().length > 0),
  };
}

interface Lifetime {
  readonly buffer: number;
  readonly bytes: number;
  readonly from: number;
  readonly to: number;
}

function lifetimes({ buffers, kernels, outputs }: KernelProgram): Lifetime[] {
  const from = new Map<number, number>();
  const to = new Map<number, number>();
  const use = (buffer: number, at: number) => {
    if (!from.has(buffer)) from.set(buffer, at);
    to.set(buffer, Math.max(to.get(buffer) ?? at, at));
  };
  buffers.forEach(({ initial }, buffer) => {
    if (initial) use(buffer, -1);
    // Constants are written once, so nothing may take their place between calls.
    if (initial?.kind === "constant") use(buffer, kernels.length);
  });
  kernels.forEach((kernel, at) => {
    for (const buffer of [...readBy(kernel), ...writtenBy(kernel)]) use(buffer, at);
  });
  for (const { access } of outputs) use(access.buffer, kernels.length);
  return [...from].map(([buffer, start]) => ({
    buffer,
    bytes: aligned(buffers[buffer].size * bytesPerElement[buffers[buffer].dtype] + slack),
    from: start,
    to: to.get(buffer)!,
  }));
}

/** Offsets by lifetimes: large buffers first, each at the lowest place that is free for as long as it lives. */
export function plan(program: KernelProgram): Plan {
  const all = lifetimes(program);
  const placed: (Lifetime & { readonly start: number })[] = [];
  for (const one of [...all].sort((a, b) => b.bytes - a.bytes || a.from - b.from)) {
    const others = placed.filter((p) => p.from <= one.to && one.from <= p.to).sort((a, b) => a.start - b.start);
    let start = 0;
    for (const other of others) {
      if (start + one.bytes <= other.start) break;
      start = Math.max(start, other.start + other.bytes);
    }
    placed.push({ ...one, start });
  }
  const addresses = program.buffers.map(() => -1);
  for (const { buffer, start } of placed) addresses[buffer] = start;
  const moments = program.kernels.map((_, at) =>
    all.reduce((total, one) => total + (one.from <= at && at <= one.to ? one.bytes : 0), 0),
  );
  return {
    addresses,
    bytes: Math.max(0, ...placed.map(({ start, bytes }) => start + bytes)),
    largestLive: Math.max(0, ...moments),
  };
}
