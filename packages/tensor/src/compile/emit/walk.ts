import { bytesPerElement } from "../../dtype.js";
import { i32, type Local, type Operand } from "../../wasm/assembler/index.js";
import { forRange } from "../../wasm/loops.js";
import type { LoopKernel } from "../kernel.js";
import { type Axis, arraysOf } from "./axes.js";
import { type Lanes, type Place, scaled } from "./lanes.js";

/** Where each buffer of the program begins in memory, in bytes. */
export type Addresses = (buffer: number) => number;

export type Walk = ReturnType<typeof walkOf>;

/** Loops over axes, and where each array's element at the open counters stands. Arrays are numbered as axes count them. */
export function walkOf(
  { f, count }: Lanes,
  kernel: LoopKernel,
  /** The axis whose neighbours share a vector. */
  lane: Axis | undefined,
  addresses: Addresses,
) {
  /** Addresses may not wrap around, so arrays that are walked backwards start from a pointer to their base. */
  const backwards = arraysOf(kernel).map((stride) => stride.some((step) => step < 0));
  const stores = kernel.phases.flat().filter((statement) => statement.kind === "store");
  const accesses = [...kernel.sources, ...stores].map((x) => (x.kind === "folded" ? undefined : x));
  // The position counts elements: one "byte" each, from 0.
  const bytes = [...accesses.map((x) => (x ? bytesPerElement[x.dtype] : 0)), 1];
  const bases = [
    ...accesses.map((x, k) => (x ? addresses(x.access.buffer) + x.access.layout.offset * bytes[k] : 0)),
    0,
  ];
  let open: readonly Axis[] = [];
  /** For each array the pointer at the open counters, where it has moved; arrays that move alike share it. */
  let pointers: readonly (Local | undefined)[] = [];

  const moved = ({ strides }: Axis, counter: Local): readonly (Local | undefined)[] => {
    const made = new Map<string, Local>();
    return bytes.map((each, k) => {
      const factor = strides[k] * each;
      const start = backwards[k] && !pointers[k] ? bases[k] : undefined;
      if (factor === 0 && start === undefined) return pointers[k];
      const key = `${pointers[k]?.index} ${start} ${factor}`;
      let pointer = made.get(key);
      if (!pointer) {
        const before = pointers[k] ?? start;
        const step = scaled(counter, factor);
        pointer = f.let(before === undefined ? step : i32.add(before, step));
        made.set(key, pointer);
      }
      return pointer;
    });
  };

  /** What is written within a loop over an axis. */
  const within = (axis: Axis, counter: Local, body: () => void): void => {
    const outer = [open, pointers] as const;
    f.scope(() => {
      pointers = moved(axis, counter);
      open = [...open, axis];
      body();
    });
    [open, pointers] = outer;
  };

  const over = (axis: Axis, from: Operand, to: Operand, body: () => void): void => {
    forRange(f, from, to, 1, (counter) => within(axis, counter, body));
  };

  /** Loops over axes, innermost last. */
  const nest = ([axis, ...rest]: readonly Axis[], body: () => void): void =>
    axis ? over(axis, 0, axis.size, () => nest(rest, body)) : body();

  /** How far apart neighbouring lanes are in an array; 0 outside of the lanes' loop. */
  const laneStride = (array: number): number =>
    open.some(({ strides }) => strides === lane?.strides) ? lane!.strides[array] : 0;

  return {
    within,
    over,
    nest,
    laneStride,

    /** The number of the position, as an array. */
    position: bytes.length - 1,

    /** The number of the store. */
    arrayOf: (store: (typeof stores)[number]): number => kernel.sources.length + stores.indexOf(store),

    /**
     * A loop over groups of so many vectors along an axis, then once for the elements that are left. `body` is told how
     * many elements each vector of the group holds.
     */
    overLanes(axis: Axis, parts: number, body: (valid: readonly number[]) => void): void {
      const step = count * parts;
      const whole = Math.floor(axis.size / step) * step;
      const counter = f.local("i32");
      if (whole > 0) {
        f.set(counter, 0);
        f.loop((again) => {
          within(axis, counter, () => body(new Array<number>(parts).fill(count)));
          f.set(counter, i32.add(counter, step));
          if (whole > step) f.branchIf(again, i32.ltSigned(counter, whole));
        });
      }
      const left = axis.size - whole;
      if (left === 0) return;
      f.set(counter, whole);
      const vectors = Math.ceil(left / count);
      within(axis, counter, () =>
        body(Array.from({ length: vectors }, (_, part) => Math.min(count, left - part * count))),
      );
    },

    /** Where the array's element at the open counters stands, or that of the `part`-th vector along the lanes. */
    place(array: number, part: number): Place {
      const pointer = pointers[array];
      const along = part * count * laneStride(array) * bytes[array];
      if (!backwards[array] || !pointer) return { pointer, offset: bases[array] + along };
      return { pointer: along === 0 ? pointer : i32.add(pointer, along), offset: 0 };
    },
  };
}
