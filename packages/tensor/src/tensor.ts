import { copyInto } from "./copy.js";
import { allocate, type DType, type TypedArray } from "./dtype.js";
import { contiguousStride, isContiguous, type Layout, show, sizeOf } from "./layout.js";
import { print } from "./print.js";

/** A flat buffer and a count of writes through `set`, shared by every view of it. */
export interface Storage {
  /** undefined once the memory was donated to a result, or released. */
  data: TypedArray | undefined;
  version: number;
  /** Whether the memory was handed in, and may be somebody's still. */
  readonly isForeign?: true;
}

function gone(): never {
  throw new Error(
    "data: this tensor was donated to a compiled function or released, and a result may have its memory now; use that result, or leave the tensor out of `donate` and `release`",
  );
}

/** What `toArray` gives: a number, or arrays nested as deep as the tensor has axes. */
export type Nested = number | Nested[];

/**
 * A strided view of a typed array, with scijs/ndarray's structure, so that `ndarray-ops` and others run on it.
 * Values live in ordinary typed arrays: nobody disposes of them. Operations are free functions.
 */
export class Tensor implements Layout {
  constructor(
    /** @internal */ readonly storage: Storage,
    readonly dtype: DType,
    readonly shape: readonly number[],
    readonly stride: readonly number[],
    readonly offset: number,
  ) {}

  get data(): TypedArray {
    return this.storage.data ?? gone();
  }

  get size(): number {
    return sizeOf(this.shape);
  }

  /** The number of axes. */
  get dimension(): number {
    return this.shape.length;
  }

  /** The axes from the fastest to the slowest in memory, as ndarray states it. */
  get order(): number[] {
    const axes = this.stride.map((_, axis) => axis).reverse();
    return axes.sort((a, b) => Math.abs(this.stride[a]) - Math.abs(this.stride[b]));
  }

  /** The position in `data` of the element with this index. Not checked against the shape, as in ndarray. */
  index(...index: number[]): number {
    let position = this.offset;
    for (let axis = 0; axis < index.length; axis++) position += index[axis] * this.stride[axis];
    return position;
  }

  /** One element. Not checked against the shape, as in ndarray. */
  get(...index: number[]): number {
    return this.data[this.index(...index)];
  }

  /** Writes one element in place: the last argument is the value. Every view of the same memory sees it. */
  set(...indexAndValue: number[]): number {
    const value = indexAndValue.pop();
    if (value === undefined || indexAndValue.length !== this.dimension)
      throw new RangeError(`set: expected ${this.dimension} indices and a value for shape ${show(this.shape)}`);
    this.storage.version++;
    this.data[this.index(...indexAndValue)] = value;
    return value;
  }

  /** The only element, as a number. */
  item(): number {
    if (this.size !== 1)
      throw new RangeError(`item: expected one element, found shape ${show(this.shape)}; use toArray or a reduction`);
    return this.data[this.offset];
  }

  /** The values as a nested array of numbers. */
  toArray(): Nested {
    const flat = this.toTypedArray();
    const nest = (axis: number, start: number, size: number): Nested => {
      if (axis === this.dimension) return flat[start];
      const step = this.shape[axis] === 0 ? 0 : size / this.shape[axis];
      return Array.from({ length: this.shape[axis] }, (_, k) => nest(axis + 1, start + k * step, step));
    };
    return nest(0, 0, this.size);
  }

  /** A copy of the values in row-major order. */
  toTypedArray(): TypedArray {
    const { data, size } = this;
    if (isContiguous(this)) return data.slice(this.offset, this.offset + size);
    const out = allocate(this.dtype, size);
    copyInto(out, 0, data, this);
    return out;
  }

  /** The entries along the first axis: numbers for one axis, else views. */
  *[Symbol.iterator](): Iterator<number | Tensor> {
    if (this.dimension === 0) throw new TypeError("iterate: a tensor without axes has no entries; use item()");
    for (let k = 0; k < this.shape[0]; k++) {
      const offset = this.offset + k * this.stride[0];
      if (this.dimension === 1) yield this.data[offset];
      else yield new Tensor(this.storage, this.dtype, this.shape.slice(1), this.stride.slice(1), offset);
    }
  }

  toString(): string {
    return print(this);
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return print(this);
  }
}

/** A tensor that owns `data`, read in row-major order. */
export function fromData(data: TypedArray, dtype: DType, shape: readonly number[]): Tensor {
  return new Tensor({ data, version: 0 }, dtype, shape, contiguousStride(shape), 0);
}

/** Another view of the same memory. */
export const viewOf = (x: Tensor, layout: Layout): Tensor =>
  new Tensor(x.storage, x.dtype, layout.shape, layout.stride, layout.offset);

/** The same values in row-major order: `x` itself where it is so already. */
export const contiguousTensor = (x: Tensor): Tensor =>
  isContiguous(x) ? x : fromData(x.toTypedArray(), x.dtype, x.shape);
