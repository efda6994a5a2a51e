import { arange, type TensorLike, tensor } from "../create.js";
import { allocate, type DType, isFloating } from "../dtype.js";
import { operand } from "../forms/operands.js";
import { apply } from "../interpreter.js";
import { broadcastShapes, normalizeAxis, sameShape, show, sizeOf, withEntry } from "../layout.js";
import type { Primitive, Signature } from "../primitive.js";
import { contiguousTensor, fromData, type Tensor } from "../tensor.js";
import { cast } from "./cast.js";
import { equal } from "./comparison.js";
import { broadcastTo, expandDims, moveAxis } from "./view.js";

// Gathering and scattering are each other's adjoints. Both work on [batch…, entries, rest…] with indices
// [batch…, wanted…]: each batch has indices of its own, and a whole `rest` is moved for each of them.

interface GatherParams {
  /** The function that was called, for errors. */
  readonly caller: string;
  /** The number of leading axes that values and indices share. */
  readonly batch: number;
}

interface ScatterParams extends GatherParams {
  /** The number of entries that are written to. */
  readonly size: number;
}

interface Blocks {
  readonly batches: number;
  readonly wanted: number;
  /** Elements moved for one index. */
  readonly length: number;
}

const blocksOf = (indices: Signature, values: Signature, batch: number, rest: number): Blocks => ({
  batches: sizeOf(indices.shape.slice(0, batch)),
  wanted: sizeOf(indices.shape.slice(batch)),
  length: sizeOf(values.shape.slice(rest)),
});

/** Calls `move` with where a block of elements stands among the entries and among the wanted ones. */
function forEachBlock(
  indices: Tensor,
  size: number,
  { batches, wanted, length }: Blocks,
  caller: string,
  move: (entry: number, at: number) => void,
): void {
  const flat = indices.toTypedArray();
  for (let n = 0; n < batches * wanted; n++) {
    const index = flat[n] < 0 ? flat[n] + size : flat[n];
    if (index < 0 || index >= size)
      throw new RangeError(`${caller}: index ${flat[n]} is out of bounds for an axis of size ${size}`);
    move((Math.floor(n / wanted) * size + index) * length, n * length);
  }
}

const indexDomain = { kind: "integer", dtype: "int32", from: 0, to: 2 } as const;

export const gatherPrimitive: Primitive<GatherParams> = {
  name: "gather",
  form: { kind: "gather", batch: ({ batch }) => batch },
  derivative: {
    kind: "custom",
    vjp: (g, { inputs: [x, indices], params }) => [
      apply(scatterAddPrimitive, [g, indices], { ...params, size: x.shape[params.batch] }),
    ],
    jvp: ([t], { inputs: [, indices], params }) => apply(gatherPrimitive, [t!, indices], params),
  },
  samples: [
    {
      shapes: [
        [3, 2],
        [2, 2],
      ],
      params: { caller: "gather", batch: 0 },
      domains: [{}, indexDomain],
    },
    {
      shapes: [
        [2, 3, 2],
        [2, 4],
      ],
      params: { caller: "gather", batch: 1 },
      domains: [{}, indexDomain],
    },
  ],
  infer: ([x, indices], { batch }) => ({ shape: [...indices.shape, ...x.shape.slice(batch + 1)], dtype: x.dtype }),
  evaluate([x, indices], output, { caller, batch }) {
    const out = allocate(output.dtype, sizeOf(output.shape));
    const { data, offset } = contiguousTensor(x);
    const blocks = blocksOf(indices, x, batch, batch + 1);
    forEachBlock(indices, x.shape[batch], blocks, caller, (entry, at) => {
      for (let k = 0; k < blocks.length; k++) out[at + k] = data[offset + entry + k];
    });
    return fromData(out, output.dtype, output.shape);
  },
};

export const scatterAddPrimitive: Primitive<ScatterParams> = {
  name: "scatterAdd",
  form: { kind: "scatter", batch: ({ batch }) => batch },
  derivative: {
    kind: "custom",
    vjp: (g, { inputs: [, indices], params: { caller, batch } }) => [
      apply(gatherPrimitive, [g, indices], { caller, batch }),
    ],
    jvp: ([t], { inputs: [, indices], params }) => apply(scatterAddPrimitive, [t!, indices], params),
  },
  samples: [
    { shapes: [[4, 2], [4]], params: { caller: "scatterAdd", batch: 0, size: 3 }, domains: [{}, indexDomain] },
    {
      shapes: [
        [2, 4],
        [2, 4],
      ],
      params: { caller: "scatterAdd", batch: 1, size: 3 },
      domains: [{}, indexDomain],
    },
  ],
  infer: ([updates, indices], { batch, size }) => ({
    shape: [...indices.shape.slice(0, batch), size, ...updates.shape.slice(indices.shape.length)],
    dtype: updates.dtype,
  }),
  evaluate([updates, indices], output, { caller, batch, size }) {
    // Sums are rounded once, as those of `sum` are.
    const totals = isFloating(output.dtype)
      ? new Float64Array(sizeOf(output.shape))
      : new Int32Array(sizeOf(output.shape));
    const { data, offset } = contiguousTensor(updates);
    const blocks = blocksOf(indices, updates, batch, indices.dimension);
    forEachBlock(indices, size, blocks, caller, (entry, at) => {
      for (let k = 0; k < blocks.length; k++) totals[entry + k] += data[offset + at + k];
    });
    const out = allocate(output.dtype, totals.length);
    out.set(totals);
    return fromData(out, output.dtype, output.shape);
  },
};

function indicesOf(name: string, indices: TensorLike | readonly number[]): Tensor {
  const own = Array.isArray(indices) ? tensor(indices, { dtype: "int32" }) : operand(name, indices as TensorLike);
  if (typeof indices === "number") return cast(own, "int32");
  if (isFloating(own.dtype))
    throw new TypeError(`${name}: indices must be int32, found ${own.dtype}; use cast(indices, "int32")`);
  return own;
}

/**
 * The entries of each batch of `x`, [batch…, entries, rest…], at the batch's own integer indices, [batch…, wanted…]:
 * [batch…, wanted…, rest…]. `batch` is the number of leading axes that both share, none unless given; negative indices
 * count from the end. As TensorFlow's `gather` with as many `batch_dims`.
 * @throws RangeError for an index out of bounds, for leading axes that differ. @throws TypeError for indices that are
 * not integers.
 * @example gather(tensor([[1, 2, 3], [4, 5, 6]]), tensor([[2, 0], [1, 1]], { dtype: "int32" }), 1)
 */
export function gather(x: TensorLike, indices: TensorLike | readonly number[], batch = 0): Tensor {
  const own = operand("gather", x);
  const wanted = indicesOf("gather", indices);
  if (!(batch in own.shape) || !sameShape(own.shape.slice(0, batch), wanted.shape.slice(0, batch)))
    throw new RangeError(
      `gather: values ${show(own.shape)} and indices ${show(wanted.shape)} must share ${batch} leading axes, and the values have one more`,
    );
  return apply(gatherPrimitive, [own, wanted], { caller: "gather", batch });
}

/**
 * The entries of `x` along an axis (the first unless given) at integer indices of any shape, which take the axis's
 * place; negative ones count from the end, as NumPy's `take`.
 * @throws RangeError for an index out of bounds. @throws TypeError for indices that are not integers.
 * @example take(tensor([10, 20, 30]), [2, 0, -1])
 */
export function take(x: TensorLike, indices: TensorLike | readonly number[], axis = 0): Tensor {
  const own = operand("take", x);
  const at = normalizeAxis("take", axis, own.dimension);
  const wanted = indicesOf("take", indices);
  let out = apply(gatherPrimitive, [moveAxis(own, at, 0), wanted], { caller: "take", batch: 0 });
  // [wanted…, the axes before `at`, the axes after]: the wanted ones go back behind those before.
  for (let k = 0; k < at; k++) out = moveAxis(out, wanted.dimension + k, k);
  return out;
}

/**
 * For each line along an axis, its entries at the line's own indices (int32, negative ones count from the end); the
 * other axes broadcast, as NumPy's `take_along_axis`.
 * @throws RangeError for an index out of bounds, for another number of axes.
 * @example takeAlongAxis(tensor([[1, 2], [3, 4]]), tensor([[1], [0]], { dtype: "int32" }), 1)
 */
export function takeAlongAxis(x: TensorLike, indices: TensorLike, axis: number): Tensor {
  const own = operand("takeAlongAxis", x);
  const wanted = indicesOf("takeAlongAxis", indices);
  if (own.dimension !== wanted.dimension)
    throw new RangeError(
      `takeAlongAxis: values ${show(own.shape)} and indices ${show(wanted.shape)} must have equally many axes`,
    );
  const at = normalizeAxis("takeAlongAxis", axis, own.dimension);
  const batch = broadcastShapes("takeAlongAxis", [withEntry(own.shape, at, 1), withEntry(wanted.shape, at, 1)]);
  const line = (t: Tensor) => moveAxis(broadcastTo(t, withEntry(batch, at, t.shape[at])), at, -1);
  return moveAxis(
    apply(gatherPrimitive, [line(own), line(wanted)], { caller: "takeAlongAxis", batch: own.dimension - 1 }),
    -1,
    at,
  );
}

/**
 * Zeros with `size` entries along an axis (the first unless given), to which `updates` are added at `indices`: the
 * adjoint of `take`. Indices may repeat.
 * @throws RangeError for an index out of bounds, for updates of another shape.
 * @example scatterAdd(tensor([1, 2, 3]), [0, 2, 0], 4)
 */
export function scatterAdd(
  updates: TensorLike,
  indices: TensorLike | readonly number[],
  size: number,
  axis = 0,
): Tensor {
  const own = operand("scatterAdd", updates);
  const at = indicesOf("scatterAdd", indices);
  const target = normalizeAxis("scatterAdd", axis, own.dimension - at.dimension + 1);
  if (!sameShape(own.shape.slice(target, target + at.dimension), at.shape))
    throw new RangeError(
      `scatterAdd: updates ${show(own.shape)} must have the shape ${show(at.shape)} of the indices from axis ${target} on`,
    );
  let first = own;
  for (let k = 0; k < at.dimension; k++) first = moveAxis(first, target + k, k);
  return moveAxis(apply(scatterAddPrimitive, [first, at], { caller: "scatterAdd", batch: 0, size }), 0, target);
}

/** Rows of a table by their numbers, [...indices, columns]. @example embedding(tensor([[1, 2], [3, 4]]), [1, 1, 0]) */
export function embedding(table: TensorLike, indices: TensorLike | readonly number[]): Tensor {
  const own = operand("embedding", table);
  if (own.dimension !== 2)
    throw new RangeError(`embedding: expected a table [rows, columns], found ${show(own.shape)}`);
  return take(own, indices, 0);
}

/**
 * A last axis of `depth` zeros with a one at each index; a row of zeros for an index outside 0 … depth − 1.
 * @example oneHot([0, 2], 3)
 */
export function oneHot(indices: TensorLike | readonly number[], depth: number, dtype: DType = "float32"): Tensor {
  const own = indicesOf("oneHot", indices);
  return cast(equal(expandDims(own, -1), arange(0, depth, 1, "int32")), dtype);
}
