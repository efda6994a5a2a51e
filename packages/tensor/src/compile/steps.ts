import { bytesPerElement } from "../dtype.js";
import { sizeOf } from "../layout.js";
import type { Move, Row, Steps } from "./emit/steps.js";
import type { KernelProgram } from "./kernel.js";
import type { Plan } from "./plan.js";

/** Many steps of a program whose first results are its first arguments next time, and where their rows stand. */
export interface StepPlan extends Steps {
  /** How many steps the blocks have room for. */
  readonly rows: number;
  /** Bytes from the start of memory to the end of the blocks. */
  readonly end: number;
  /** For each argument after the carried ones the first byte of its block; −1 where no kernel reads it. */
  readonly feedBlocks: readonly number[];
  /** For each result after the carried ones the first byte of its block. */
  readonly outputBlocks: readonly number[];
}

/** Bytes of all blocks together: what a second cache holds, or one step where that is more. */
const blockBytes = 2 ** 20;
const mostRows = 4096;

const aligned = (bytes: number): number => Math.ceil(bytes / 64) * 64;

/** Where the first `carried` results go, and the rows of the other arguments and results, from byte `start` on. */
export function planSteps(
  { buffers, outputs }: KernelProgram,
  { addresses }: Plan,
  carried: number,
  start: number,
): StepPlan {
  const places = outputs.map(({ access: { buffer, layout }, shape, dtype }) => ({
    address: addresses[buffer] + layout.offset * bytesPerElement[dtype],
    bytes: sizeOf(shape) * bytesPerElement[dtype],
    isArgument: buffers[buffer].initial?.kind === "argument",
  }));
  const count = 1 + Math.max(-1, ...buffers.map(({ initial }) => (initial?.kind === "argument" ? initial.index : -1)));
  const argumentPlaces = Array.from({ length: count }, () => ({ address: -1, bytes: 0 }));
  buffers.forEach(({ initial, size, dtype }, k) => {
    if (initial?.kind === "argument")
      argumentPlaces[initial.index] = { address: addresses[k], bytes: size * bytesPerElement[dtype] };
  });
  let end = start;
  const reserve = (bytes: number): number => {
    const from = aligned(end);
    end = from + bytes;
    return from;
  };
  const moves = places.slice(0, carried).flatMap(({ address, bytes, isArgument }, k): Move[] => {
    const to = argumentPlaces[k]?.address ?? -1;
    return to < 0 || to === address ? [] : [{ address, to, bytes, held: isArgument ? reserve(bytes) : undefined }];
  });
  const given = argumentPlaces.slice(carried);
  const kept = places.slice(carried);
  const each = [...given, ...kept].reduce((total, { bytes }) => total + bytes, 0);
  const rows = Math.max(1, Math.min(mostRows, Math.floor(blockBytes / Math.max(1, each))));
  const feedBlocks = given.map(({ address, bytes }) => (address < 0 ? -1 : reserve(rows * bytes)));
  const outputBlocks = kept.map(({ bytes }) => reserve(rows * bytes));
  const rowOf = ({ address, bytes }: { address: number; bytes: number }, block: number): Row => ({
    address,
    bytes,
    block,
  });
  const feeds = feedBlocks.flatMap((block, k) => (block < 0 ? [] : [rowOf(given[k], block)]));
  const outputRows = kept.map((place, k) => rowOf(place, outputBlocks[k]));
  return { feeds, outputs: outputRows, moves, rows, end, feedBlocks, outputBlocks };
}
