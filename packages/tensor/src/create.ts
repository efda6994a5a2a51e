import { allocate, type DType, dtypeOf, type TypedArray } from "./dtype.js";
import { checkShape, contiguousStride, extent, type Layout, sameShape, show, sizeOf } from "./layout.js";
import { fromData, type Nested, Tensor } from "./tensor.js";

/** Anything with ndarray's fields: it becomes a tensor that shares its memory. */
export interface NdarrayLike extends Layout {
  readonly data: TypedArray;
}

/** An operand: numbers take the element type of the other operand. */
export type TensorLike = Tensor | number;

export type Values = number | boolean | readonly Values[] | TypedArray | NdarrayLike | Nested;

export interface TensorOptions {
  /** Default: the type of a typed array; `float32` for numbers, `uint8` for booleans. */
  readonly dtype?: DType;
  /** Default: as nested; one axis for a typed array. */
  readonly shape?: readonly number[];
}

const isNdarray = (values: object): values is NdarrayLike =>
  "data" in values && "shape" in values && "stride" in values && "offset" in values;

/**
 * A tensor from a number, nested arrays, a typed array or an ndarray.
 * Typed arrays and ndarrays are not copied unless `dtype` asks for another type: writes show on both sides.
 *
 * @example tensor([[1, 2], [3, 4]])            // shape [2, 2], float32
 * @example tensor(new Float64Array(6), { shape: [2, 3] })
 * @throws RangeError for ragged arrays, a `shape` of another size, strides that leave the data.
 */
export function tensor(values: Values, options: TensorOptions = {}): Tensor {
  if (values instanceof Tensor) return reshaped(retyped(values, options.dtype), options.shape);
  const own = dtypeOf(values);
  if (own) {
    const data = values as TypedArray;
    const shape = options.shape ?? [data.length];
    checkSize(data.length, shape);
    return retyped(handedIn(data, own, shape, contiguousStride(shape), 0), options.dtype);
  }
  if (typeof values === "object" && values !== null && !Array.isArray(values) && isNdarray(values))
    return reshaped(retyped(fromNdarray(values), options.dtype), options.shape);
  return fromNested(values as Nested, options);
}

const handedIn = (
  data: TypedArray,
  dtype: DType,
  shape: readonly number[],
  stride: readonly number[],
  offset: number,
): Tensor => new Tensor({ data, version: 0, isForeign: true }, dtype, shape, stride, offset);

function fromNdarray(x: NdarrayLike): Tensor {
  const dtype = dtypeOf(x.data);
  if (!dtype)
    throw new TypeError(
      "tensor: an ndarray's data must be a Float32Array, Float64Array, Int32Array or Uint8Array; convert it first",
    );
  checkShape("tensor", x.shape);
  const range = extent(x);
  if (range && (range[0] < 0 || range[1] >= x.data.length))
    throw new RangeError(
      `tensor: shape ${show(x.shape)} with stride ${show(x.stride)} and offset ${x.offset} reads positions ${range[0]} to ${range[1]}, the data has ${x.data.length}`,
    );
  return handedIn(x.data, dtype, [...x.shape], [...x.stride], x.offset);
}

function fromNested(values: Nested, { dtype, shape }: TensorOptions): Tensor {
  const nested: number[] = [];
  let first: unknown = values;
  while (Array.isArray(first)) {
    nested.push(first.length);
    first = first[0];
  }
  const data = allocate(dtype ?? (typeof first === "boolean" ? "uint8" : "float32"), sizeOf(nested));
  let n = 0;
  const fill = (value: unknown, axis: number, path: string): void => {
    if (axis < nested.length) {
      if (!Array.isArray(value) || value.length !== nested[axis])
        throw new RangeError(
          `tensor: ragged values at ${path || "the top"}: expected an array of ${nested[axis]}, found ${Array.isArray(value) ? `one of ${value.length}` : typeof value}`,
        );
      for (let k = 0; k < value.length; k++) fill(value[k], axis + 1, `${path}[${k}]`);
    } else {
      if (typeof value !== "number" && typeof value !== "boolean")
        throw new TypeError(`tensor: expected a number at ${path || "the top"}, found ${describe(value)}`);
      data[n++] = Number(value);
    }
  };
  fill(values, 0, "");
  const own = shape ?? nested;
  checkSize(data.length, own);
  return fromData(data, dtype ?? dtypeOf(data)!, own);
}

export const describe = (value: unknown): string =>
  value === null ? "null" : Array.isArray(value) ? "an array" : typeof value === "object" ? "an object" : typeof value;

function checkSize(found: number, shape: readonly number[]): void {
  checkShape("tensor", shape);
  if (sizeOf(shape) !== found)
    throw new RangeError(`tensor: shape ${show(shape)} has ${sizeOf(shape)} elements, found ${found} values`);
}

function retyped(x: Tensor, dtype: DType | undefined): Tensor {
  if (dtype === undefined || dtype === x.dtype) return x;
  const data = allocate(dtype, x.size);
  data.set(x.toTypedArray());
  return fromData(data, dtype, x.shape);
}

function reshaped(x: Tensor, shape: readonly number[] | undefined): Tensor {
  if (shape === undefined || sameShape(shape, x.shape)) return x;
  checkSize(x.size, shape);
  return fromData(x.toTypedArray(), x.dtype, shape);
}

/** A tensor of this shape with the same value everywhere, in memory of its own. */
export function full(shape: readonly number[], value: number, dtype: DType = "float32"): Tensor {
  checkShape("full", shape);
  const data = allocate(dtype, sizeOf(shape));
  if (value !== 0) data.fill(value);
  return fromData(data, dtype, [...shape]);
}

export const zeros = (shape: readonly number[], dtype: DType = "float32"): Tensor => full(shape, 0, dtype);

export const ones = (shape: readonly number[], dtype: DType = "float32"): Tensor => full(shape, 1, dtype);

/** A number as a tensor without axes. */
export function scalar(value: number, dtype: DType = "float32"): Tensor {
  const data = allocate(dtype, 1);
  data[0] = value;
  return new Tensor({ data, version: 0 }, dtype, [], [], 0);
}

/** The identity matrix, [n, columns]; `columns` is `n` unless given. */
export function eye(n: number, options: { readonly columns?: number; readonly dtype?: DType } = {}): Tensor {
  const columns = options.columns ?? n;
  const out = zeros([n, columns], options.dtype);
  for (let k = 0; k < Math.min(n, columns); k++) out.data[k * columns + k] = 1;
  return out;
}

/** `start, start + step, …` up to but without `stop`; with one argument from 0. */
export function arange(start: number, stop?: number, step = 1, dtype: DType = "float32"): Tensor {
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  const count = Math.ceil((to - from) / step);
  if (!Number.isFinite(count))
    throw new RangeError(`arange: from ${from} to ${to} by ${step} has no end; the step must lead from start to stop`);
  const data = allocate(dtype, Math.max(count, 0));
  for (let k = 0; k < data.length; k++) data[k] = from + k * step;
  return fromData(data, dtype, [data.length]);
}

/** `count` evenly spaced values from `start` to `stop`, both included. */
export function linspace(start: number, stop: number, count: number, dtype: DType = "float32"): Tensor {
  checkShape("linspace", [count]);
  const data = allocate(dtype, count);
  for (let k = 0; k < count; k++)
    data[k] = count === 1 ? start : k === count - 1 ? stop : start + ((stop - start) * k) / (count - 1);
  return fromData(data, dtype, [count]);
}
