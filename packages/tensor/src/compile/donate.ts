import type { TypedArray } from "../dtype.js";
import { isContiguous, sameShape } from "../layout.js";
import type { Signature } from "../primitive.js";
import type { Tensor } from "../tensor.js";
import type { Executable } from "./executable.js";
import { inPlace } from "./inPlace.js";
import type { KernelProgram } from "./kernel.js";
import type { Places } from "./plan.js";
import { type Pair, Resident, Residents } from "./resident.js";
import { type Skeleton, slotsOf } from "./skeleton.js";

/** A part of compilers: `compiler({ donor, … })`. */
export interface Donor {
  /** @internal */
  donations: typeof donations;
  /** @internal */
  call: typeof call;
  /** @internal */
  pairsFirst: typeof pairsFirst;
  /** @internal */
  inPlace(program: KernelProgram, carried: number): Places;
  /** @internal */
  residents(pairs: readonly Pair[], results: number, mayFail: boolean): Residents;
}

export const donor: Donor = {
  donations,
  call,
  pairsFirst,
  inPlace,
  residents: (pairs, results, mayFail) => new Residents(pairs, results, mayFail),
};

interface Call {
  readonly executable: Executable;
  readonly tensors: readonly Tensor[];
}

export interface Donations {
  /** For each result the number of the argument tensor whose memory it takes, or −1. */
  readonly donors: readonly number[];
  /** The numbers of all donated tensors. */
  readonly donated: readonly number[];
}

/** Results take donated tensors in order, each the first that is left of its shape and dtype. */
function donations(
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
function targets(tensors: readonly Tensor[], donors: readonly number[]): readonly (TypedArray | undefined)[] {
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

/** A call that takes the memory of what is donated: reading that, or a view of it, is an error from now on. */
function call({ executable, tensors, donors, donated }: Donations & Call): Tensor[] {
  const results = executable.call(tensors, targets(tensors, donors));
  // Only now: a call that fails takes nothing.
  for (const k of donated) tensors[k].storage.data = undefined;
  return results;
}

/** The program with its arguments and results in another order: those that take each other's memory come first. */
function pairsFirst(program: KernelProgram, donors: readonly number[]): KernelProgram {
  const results = donors.flatMap((argument, result) => (argument < 0 ? [] : [result]));
  const places = new Map(results.map((result, k) => [donors[result], k]));
  let next = places.size;
  return {
    ...program,
    buffers: program.buffers.map((buffer) => {
      if (buffer.initial?.kind !== "argument") return buffer;
      return { ...buffer, initial: { ...buffer.initial, index: places.get(buffer.initial.index) ?? next++ } };
    }),
    outputs: [
      ...results.map((result) => program.outputs[result]),
      ...program.outputs.filter((_, result) => donors[result] < 0),
    ],
  };
}
