import type { TypedArray } from "../dtype.js";
import { isContiguous, sameShape } from "../layout.js";
import type { Signature } from "../primitive.js";
import type { Tensor } from "../tensor.js";
import { Resident } from "./resident.js";
import { type Skeleton, slotsOf } from "./skeleton.js";

export interface Donations {
  /** For each result the number of the argument tensor whose memory it takes, or −1. */
  readonly donors: readonly number[];
  /** The numbers of all donated tensors. */
  readonly donated: readonly number[];
}

/** Results take donated tensors in order, each the first that is left of its shape and dtype. */
export function donations(
  skeleton: Skeleton,
  signatures: readonly Signature[],
  results: readonly Signature[],
  donate: readonly number[],
): Donations {
  const positions = skeleton.kind === "list" ? skeleton.entries : [];
  for (const position of donate)
    if (!(position in positions))
      throw new RangeError(
        `compile: donate names argument ${position}, the function was called with ${positions.length}; positions count from 0`,
      );
  const donated = donate.flatMap((position) => slotsOf(positions[position]).map(({ index }) => index));
  const left = [...donated];
  const donors = results.map(({ shape, dtype }) => {
    const at = left.findIndex((k) => signatures[k].dtype === dtype && sameShape(signatures[k].shape, shape));
    return at < 0 ? -1 : left.splice(at, 1)[0];
  });
  return { donors, donated };
}

/** For each result the array it is written to; none where the donor's elements do not follow one another. */
export function targets(tensors: readonly Tensor[], donors: readonly number[]): readonly (TypedArray | undefined)[] {
  const taken: ArrayBufferLike[] = [];
  return donors.map((k) => {
    if (k < 0 || !isContiguous(tensors[k])) return undefined;
    const { storage, offset, size } = tensors[k];
    // What is still in a program's memory need not be copied out to be written over.
    const data = (storage instanceof Resident ? storage.array : undefined) ?? tensors[k].data;
    // Two donated views of the same memory: the first takes it.
    if (taken.includes(data.buffer)) return undefined;
    taken.push(data.buffer);
    return offset === 0 && data.length === size ? data : data.subarray(offset, offset + size);
  });
}

/** Takes a tensor's memory away: reading it, or a view of it, is an error from now on. */
export function surrender(x: Tensor): void {
  x.storage.data = undefined;
}
