import { arrange } from "./arrange.js";
import { copyPatch, patchBytes } from "./emit/patch.js";
import type { PatchCopy } from "./kernel.js";
import type { Labelled } from "./labels.js";

/** A part of compilers: `compiler({ convolver, … })`. */
export interface Convolver {
  /** @internal */
  readonly arrange: typeof arrange;
  /** @internal Bytes that the copy of a patch may take. */
  readonly largestPatch: number;
  /** @internal */
  readonly patchOf: typeof patchOf;
  /** @internal */
  readonly copyPatch: typeof copyPatch;
  /** @internal */
  readonly patchBytes: typeof patchBytes;
}

export const convolver: Convolver = {
  arrange,
  // What the second cache holds. Written out: bundlers keep a power, and what holds it, though nobody reads it.
  largestPatch: 1_048_576,
  patchOf,
  copyPatch,
  patchBytes,
};

/** The copy of the right operand's part for one round of a product, and the strides that it has then. */
export interface Patch {
  readonly copy: PatchCopy;
  readonly rowStride: number;
  readonly columnStride: number;
}

function patchOf(
  { right, size, count, strides }: Labelled,
  inner: readonly number[],
  columns: readonly number[],
): Patch {
  // A patch is copied in the order in which its source has the longest runs; packing transposes it where need be.
  const runOf = (group: readonly number[]): number => {
    const end = group[group.length - 1];
    return end !== undefined && strides(right, [end])[0] === 1 ? size(end) : 0;
  };
  const byColumns = runOf(inner) > runOf(columns);
  const order = byColumns ? [...columns, ...inner] : [...inner, ...columns];
  return {
    copy: { shape: order.map(size), stride: strides(right, order), columnAxis: order.indexOf(columns[0]) },
    rowStride: byColumns ? 1 : count(columns),
    columnStride: byColumns ? count(inner) : 1,
  };
}
