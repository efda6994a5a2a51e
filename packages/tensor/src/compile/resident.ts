import type { TypedArray } from "../dtype.js";
import { isContiguous } from "../layout.js";
import { uninitialized } from "../memory.js";
import type { Storage, Tensor } from "../tensor.js";

/**
 * Values of a result that took a donated tensor's array, and are still in the memory of the program that computed them:
 * they are copied to the array when somebody reads them. Donated to the same program again, they never leave it.
 */
export class Resident implements Storage {
  version = 0;
  /** Whether the call at hand takes it. */
  isConsumed = false;
  #array: TypedArray | undefined;
  #place: TypedArray | undefined;

  constructor(
    /** Who has the program's memory. */
    readonly owner: object,
    array: TypedArray,
    place: TypedArray,
  ) {
    this.#array = array;
    this.#place = place;
  }

  get data(): TypedArray | undefined {
    this.settle();
    return this.#array;
  }

  set data(array: TypedArray | undefined) {
    this.#place = undefined;
    this.#array = array;
  }

  /** The array, whatever is in it. */
  get array(): TypedArray | undefined {
    return this.#array;
  }

  /** Where the values are in the program's memory; undefined once they were read, for the array may have been written to. */
  get place(): TypedArray | undefined {
    return this.#place;
  }

  settle(): void {
    if (this.#place) this.#array?.set(this.#place);
    this.#place = undefined;
  }
}

/** A result and the argument whose array it takes: where they are in the program's memory. */
export interface Pair {
  readonly result: number;
  readonly argument: number;
  /** Where the argument is read; undefined where no kernel does. */
  readonly to: TypedArray | undefined;
}

/** The results that stay in a program's memory from call to call. */
export class Residents {
  readonly #pairs: readonly Pair[];
  readonly #mayFail: boolean;
  readonly #isPaired: readonly boolean[];
  /** For each argument whether it is here; the same array in every call. */
  readonly #here: boolean[];
  /** For each pair where its argument waits until all that move are read; the same array in every call. */
  readonly #waiting: TypedArray[] = [];
  #kept: Resident[] = [];

  /** @param mayFail Whether a call can end in an error after it began to write. */
  constructor(pairs: readonly Pair[], results: number, mayFail: boolean) {
    this.#pairs = pairs;
    this.#mayFail = mayFail;
    this.#isPaired = Array.from({ length: results }, (_, k) => pairs.some(({ result }) => result === k));
    this.#here = [];
  }

  /**
   * Before the arguments of a call are written: those that are here already are moved to where they are read. Says of
   * each whether it is one. What else is here is copied to its array, since the call will write over it.
   */
  enter(tensors: readonly Tensor[]): readonly boolean[] {
    const here = this.#here;
    for (let k = 0; k < tensors.length; k++) here[k] = false;
    if (this.#kept.length === 0) return here;
    const moves: { readonly waiting: TypedArray; readonly place: TypedArray; readonly to: TypedArray }[] = [];
    let consumed = 0;
    // Nothing is written before all of this was done: what was donated elsewhere is an error here, or there is no memory
    // left, and then all is as it was.
    try {
      for (let k = 0; k < this.#pairs.length; k++) {
        const { argument, to } = this.#pairs[k];
        const x = tensors[argument];
        const { storage } = x;
        if (!(storage instanceof Resident) || storage.owner !== this || !isContiguous(x)) continue;
        const { place } = storage;
        // A view of a part has another size.
        if (!place || x.size !== place.length) continue;
        here[argument] = true;
        if (!storage.isConsumed) consumed++;
        storage.isConsumed = true;
        if (!to || to.byteOffset === place.byteOffset) continue;
        const waiting = this.#waiting[k] ?? uninitialized(x.dtype, x.size);
        this.#waiting[k] = waiting;
        moves.push({ waiting, place, to });
      }
      for (let k = 0; k < tensors.length; k++) if (!here[k]) void tensors[k].data;
    } finally {
      const isAll = consumed === this.#kept.length && !this.#mayFail;
      for (const resident of this.#kept) {
        if (!isAll && (this.#mayFail || !resident.isConsumed)) resident.settle();
        resident.isConsumed = false;
      }
    }
    for (const { waiting, place } of moves) waiting.set(place);
    for (const { waiting, to } of moves) to.set(waiting);
    this.#kept = [];
    return here;
  }

  /** The storage of a result that is to take an array: it stays in its place where it is one of a pair. */
  keep(result: number, array: TypedArray, place: TypedArray): Storage {
    if (!this.#isPaired[result]) {
      array.set(place);
      return { data: array, version: 0 };
    }
    const resident = new Resident(this, array, place);
    this.#kept.push(resident);
    return resident;
  }
}
