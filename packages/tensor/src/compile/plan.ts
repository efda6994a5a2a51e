import { bytesPerElement } from "../dtype.js";
import type { Kernel, KernelProgram } from "./kernel.js";

/** Where each buffer stands in one block of memory. */
export interface Plan {
  /** Bytes from the start; −1 for a buffer that nothing needs. */
  readonly addresses: readonly number[];
  readonly bytes: number;
  readonly lifetimes: readonly Lifetime[];
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

/** Buffers that share one place, and when: from before kernel `from` to after kernel `to`; −1 is the call's start. */
export interface Lifetime {
  readonly buffers: readonly number[];
  readonly bytes: number;
  readonly from: number;
  readonly to: number;
}

function lifetimes({ buffers, kernels, outputs }: KernelProgram, places: Places, carried: number): Lifetime[] {
  const found = new Map<number, { buffers: number[]; bytes: number; from: number; to: number }>();
  const use = (buffer: number, at: number) => {
    const place = places.get(buffer) ?? buffer;
    const { size, dtype } = buffers[place];
    const one = found.get(place) ?? {
      buffers: [],
      bytes: aligned(size * bytesPerElement[dtype] + slack),
      from: at,
      to: at,
    };
    found.set(place, one);
    one.to = Math.max(one.to, at);
    if (!one.buffers.includes(buffer)) one.buffers.push(buffer);
  };
  const needed = new Set([
    ...kernels.flatMap((kernel) => [...readBy(kernel), ...writtenBy(kernel)]),
    ...outputs.map(({ access }) => access.buffer),
  ]);
  buffers.forEach(({ initial }, buffer) => {
    const isCarried = initial?.kind === "argument" && initial.index < carried;
    if (!initial || !(isCarried || needed.has(buffer))) return;
    use(buffer, -1);
    // Constants are written once, so nothing may take their place between calls. What is carried is written for the
    // next step while the other results are still needed.
    if (isCarried || initial.kind === "constant") use(buffer, kernels.length);
  });
  kernels.forEach((kernel, at) => {
    for (const buffer of [...readBy(kernel), ...writtenBy(kernel)]) use(buffer, at);
  });
  for (const { access } of outputs) use(access.buffer, kernels.length);
  return [...found.values()];
}

/** Results that stand where arguments do, by their buffers. */
export type Places = ReadonlyMap<number, number>;

/**
 * Offsets by lifetimes: large buffers first, each at the lowest place that is free for as long as it lives. The first
 * `carried` results are the first arguments of the next call. Buffers of more than `mostShared` bytes have places of
 * their own.
 */
export function plan(
  program: KernelProgram,
  carried = 0,
  places: Places = new Map(),
  mostShared = Number.POSITIVE_INFINITY,
): Plan {
  const all = lifetimes(program, places, carried);
  /** By where they start. */
  const placed: (Lifetime & { readonly start: number })[] = [];
  for (const one of [...all].sort((a, b) => b.bytes - a.bytes || a.from - b.from)) {
    let start = 0;
    for (const other of placed) {
      if (one.bytes <= mostShared && (other.from > one.to || one.from > other.to)) continue;
      if (start + one.bytes <= other.start) break;
      start = Math.max(start, other.start + other.bytes);
    }
    let at = placed.length;
    while (at > 0 && placed[at - 1].start > start) at--;
    placed.splice(at, 0, { ...one, start });
  }
  const addresses = program.buffers.map(() => -1);
  for (const { buffers, start } of placed) for (const buffer of buffers) addresses[buffer] = start;
  return {
    addresses,
    bytes: placed.reduce((most, { start, bytes }) => Math.max(most, start + bytes), 0),
    lifetimes: all,
  };
}

/** The most bytes that live while any of the kernels runs: no plan can do with less. */
export function largestLive({ lifetimes }: Plan, kernels: number): number {
  const changes = new Array<number>(kernels + 1).fill(0);
  for (const { bytes, from, to } of lifetimes) {
    changes[Math.min(Math.max(0, from), kernels)] += bytes;
    changes[Math.min(to + 1, kernels)] -= bytes;
  }
  let [live, most] = [0, 0];
  for (const change of changes.slice(0, kernels)) {
    live += change;
    most = Math.max(most, live);
  }
  return most;
}

/** `b3: from byte 112`, a line a buffer that stands in memory. */
export const printPlan = ({ addresses, bytes }: Plan): string =>
  [...addresses.flatMap((start, k) => (start < 0 ? [] : [`b${k}: from byte ${start}`])), `${bytes} bytes`].join("\n");
