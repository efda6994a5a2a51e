import type { TypedArray } from "../dtype.js";
import { isContiguous, sameShape } from "../layout.js";
import { uninitialized } from "../memory.js";
import type { Signature } from "../primitive.js";
import { Tensor } from "../tensor.js";
import type { Again, Loaded } from "./again.js";
import type { Built } from "./build.js";
import type { Executable } from "./executable.js";
import { inPlace } from "./inPlace.js";
import type { KernelProgram } from "./kernel.js";
import { Resident, Residents } from "./resident.js";
import { type Skeleton, slotsOf } from "./skeleton.js";
import { write } from "./webassembly.js";

/** A part of compilers: `compiler({ donor, … })`. */
export interface Donor {
  /** @internal For arguments of this structure, of which those at these positions are donated. */
  donation(skeleton: Skeleton, signatures: readonly Signature[], donate: readonly number[]): Donation;
}

export const donor: Donor = { donation };

/** What is donated in the calls of one program. */
export interface Donation extends Again {
  /** The function that takes the memory of what is donated: reading that, or a view of it, is an error from then on. */
  callOf(built: Built): (tensors: readonly Tensor[]) => Tensor[];
}

function donation(skeleton: Skeleton, signatures: readonly Signature[], donate: readonly number[]): Donation {
  const positions = skeleton.kind === "list" ? skeleton.entries : [];
  for (const position of donate)
    if (!(position in positions))
      throw new RangeError(
        `compile: donate names argument ${position}, the function was called with ${positions.length}; positions count from 0`,
      );
  const donated = donate.flatMap((position) => slotsOf(positions[position]).map(({ index }) => index));
  /** For each result the number of the argument whose memory it takes, or −1: the first that is left of its type. */
  const donorsOf = (results: readonly Signature[]): readonly number[] => {
    const left = [...donated];
    return results.map(({ shape, dtype }) => {
      const at = left.findIndex((k) => signatures[k].dtype === dtype && sameShape(signatures[k].shape, shape));
      return at < 0 ? -1 : left.splice(at, 1)[0];
    });
  };
  return {
    order(program, results) {
      const donors = donorsOf(results);
      const ordered = pairsFirst(program, donors);
      const carried = donors.filter((argument) => argument >= 0).length;
      return { program: ordered, carried, places: inPlace(ordered, carried) };
    },
    extend: (loaded) => ({ call: residentCall(loaded, donorsOf(loaded.results)) }),
    callOf({ executable, results }) {
      const donors = donorsOf(results);
      return (tensors) => {
        const made = executable.call(tensors, targets(tensors, donors));
        // Only now: a call that fails takes nothing.
        for (const k of donated) tensors[k].storage.data = undefined;
        return made;
      };
    },
  };
}

/** A call whose results stay in the program's memory, where they are to take arrays. */
function residentCall(
  { inputs, results, mayFail, run, exported }: Loaded,
  donors: readonly number[],
): Executable["call"] {
  const pairs = donors.flatMap((argument, result) =>
    argument < 0 ? [] : [{ result, argument, to: inputs.find(({ index }) => index === argument)?.view }],
  );
  const residents = new Residents(pairs, results.length, mayFail);
  return (tensors, into) => {
    // First, for there may be no memory left for them.
    const arrays = results.map(({ view, dtype }, k) => into?.[k] ?? uninitialized(dtype, view.length));
    const here = residents.enter(tensors);
    for (const { view, index } of inputs) if (!here[index]) write(view, tensors[index]);
    run(exported.run);
    return results.map(
      ({ view, dtype, shape, stride }, k) => new Tensor(residents.keep(k, arrays[k], view), dtype, shape, stride, 0),
    );
  };
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
