import { allocate, bytesPerElement, type DType, order, type TypedArray } from "./dtype.js";
import { currentInterpreter, evaluate } from "./interpreter.js";
import type { Tensor } from "./tensor.js";

// Memory that was just taken from the operating system costs more to touch than most operations cost to compute: a
// page at a time, it is mapped and cleared. What is released is written over instead.

/** Bytes of released arrays that wait for a result at most; what is more is left to the garbage collector. */
const mostBytes = 2 ** 27;
/** Engines keep arrays up to this size on their own heap, where a new one costs less than to look for an old one. */
const smallBytes = 64;

interface Released {
  bytes: number;
  /** By `keyOf`. */
  readonly arrays: Map<number, TypedArray[]>;
}

/** Held weakly: what nobody takes, a garbage collection does. */
let released: WeakRef<Released> | undefined;

const keyOf = (dtype: DType, size: number): number => size * order.length + order.indexOf(dtype);

/** `takeReleased`, once anything was released: who never does ships none of it. */
let take: typeof takeReleased | undefined;

/** An array for results, every element of which is going to be written: what is in it is not defined. */
export const uninitialized = (dtype: DType, size: number): TypedArray => take?.(dtype, size) ?? allocate(dtype, size);

function takeReleased(dtype: DType, size: number): TypedArray | undefined {
  if (size * bytesPerElement[dtype] <= smallBytes) return undefined;
  const waiting = released?.deref();
  if (!waiting) {
    take = undefined;
    return undefined;
  }
  const array = waiting.arrays.get(keyOf(dtype, size))?.pop();
  if (array) waiting.bytes -= array.byteLength;
  return array;
}

/**
 * Gives the memory of tensors that nobody needs any more to results to come, of the same dtype and number of elements.
 * Nobody has to: memory that is not released is collected. It pays in loops over large tensors, where new memory costs
 * more than the arithmetic. A released tensor, every view of it, and its `data`, may not be used again: reading one of
 * them as a tensor is an error. Memory that was handed in (`tensor(array)`) is let go of and never written to. Inside
 * of functions that are being differentiated or compiled nothing is released, since their transformations need it.
 * @example ((y) => { const total = sum(y); release(y); return total; })(exp(tensor([1, 2])))
 */
export function release(...tensors: readonly Tensor[]): void {
  if (currentInterpreter() !== evaluate) return;
  for (const { storage, dtype } of tensors) {
    const { data, isForeign } = storage;
    if (!data) continue;
    storage.data = undefined;
    if (!isForeign) keep(dtype, data);
  }
}

function keep(dtype: DType, array: TypedArray): void {
  const { byteLength, length } = array;
  // A part of a buffer may lie in one with other tensors' parts.
  if (byteLength <= smallBytes || byteLength !== array.buffer.byteLength) return;
  let waiting = released?.deref();
  if (!waiting) {
    waiting = { bytes: 0, arrays: new Map() };
    released = new WeakRef(waiting);
    take = takeReleased;
  }
  if (waiting.bytes + byteLength > mostBytes) return;
  waiting.bytes += byteLength;
  const key = keyOf(dtype, length);
  const same = waiting.arrays.get(key);
  if (same) same.push(array);
  else waiting.arrays.set(key, [array]);
}
