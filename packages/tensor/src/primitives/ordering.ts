import type { TensorLike } from "../create.js";
import { allocate, type TypedArray } from "../dtype.js";
import { operand } from "../forms/operands.js";
import { apply } from "../interpreter.js";
import { normalizeAxis, positionsOf, show, sizeOf, withoutAxis } from "../layout.js";
import type { Primitive, Sample } from "../primitive.js";
import { fromData, type Tensor } from "../tensor.js";
import { takeAlongAxis } from "./indexing.js";
import { keptShape } from "./reduction.js";
import { slice } from "./slice.js";
import { flatten, reshape } from "./view.js";

// Order as NumPy: not-a-number counts as larger than everything, equal entries keep their order, −0 equals 0.

interface ArgParams {
  readonly axis: number;
}

const samples = <P>(more: P): Sample<ArgParams & P>[] =>
  [0, 1].map((axis) => ({ shapes: [[3, 4]], params: { axis, ...more }, domains: [{ kind: "distinct" as const }] }));

/** Whether `a` goes before the best so far. */
type Wins = (a: number, best: number) => boolean;

function argPrimitive(name: string, wins: Wins): Primitive<ArgParams> {
  return {
    name,
    form: { kind: "opaque" },
    derivative: { kind: "zero" },
    samples: samples({}),
    infer([x], { axis }) {
      if (x.shape[axis] === 0)
        throw new RangeError(`${name}: axis ${axis} of shape ${show(x.shape)} is empty, and ${name} needs an entry`);
      return { shape: x.shape.filter((_, k) => k !== axis), dtype: "int32" };
    },
    evaluate([x], output, { axis }) {
      const { data } = x;
      const [count, step] = [x.shape[axis], x.stride[axis]];
      const out = positionsOf(withoutAxis(x, axis)).map((start) => {
        let best = 0;
        for (let k = 1; k < count; k++) if (wins(data[start + k * step], data[start + best * step])) best = k;
        return best;
      });
      return fromData(out, output.dtype, output.shape);
    },
  };
}

export const argmaxPrimitive: Primitive<ArgParams> = /* @__PURE__ */ argPrimitive(
  "argmax",
  (a, best) => a > best || (Number.isNaN(a) && !Number.isNaN(best)),
);

export const argminPrimitive: Primitive<ArgParams> = /* @__PURE__ */ argPrimitive(
  "argmin",
  (a, best) => a < best || (Number.isNaN(a) && !Number.isNaN(best)),
);

export interface ArgOptions {
  /** Negative ones count from the end. Default: the number of the entry among all, in row-major order. */
  readonly axis?: number;
  /** Keep the axis, with size 1. Default: false. */
  readonly keepDimensions?: boolean;
}

const positionOfExtremum =
  (name: string, primitive: Primitive<ArgParams>) =>
  (x: TensorLike, { axis, keepDimensions = false }: ArgOptions = {}): Tensor => {
    const own = operand(name, x);
    const at = axis === undefined ? 0 : normalizeAxis(name, axis, own.dimension);
    const found = apply(primitive, [axis === undefined ? flatten(own) : own], { axis: at });
    const axes = axis === undefined ? own.shape.map((_, k) => k) : [at];
    return keepDimensions ? reshape(found, keptShape(own.shape, axes)) : found;
  };

/** Where the largest entry stands, as int32: the first of several, a not-a-number before all. @throws RangeError for an empty axis. @example argmax(tensor([1, 3, 2])) */
export const argmax = /* @__PURE__ */ positionOfExtremum("argmax", argmaxPrimitive);

/** Where the smallest entry stands, as int32: the first of several, a not-a-number before all. @throws RangeError for an empty axis. @example argmin(tensor([2, 1, 3])) */
export const argmin = /* @__PURE__ */ positionOfExtremum("argmin", argminPrimitive);

interface SortParams extends ArgParams {
  readonly descending: boolean;
}

/** Negative where `a` stands before `b` in ascending order. */
const compare = (a: number, b: number): number =>
  a < b ? -1 : a > b ? 1 : Number(Number.isNaN(a)) - Number(Number.isNaN(b));

export const argsortPrimitive: Primitive<SortParams> = {
  name: "argsort",
  form: { kind: "opaque" },
  derivative: { kind: "zero" },
  samples: /* @__PURE__ */ [true, false].flatMap((descending) => samples({ descending })),
  infer: ([x]) => ({ shape: x.shape, dtype: "int32" }),
  evaluate([x], output, { axis, descending }) {
    const out = fromData(allocate("int32", sizeOf(output.shape)), "int32", output.shape);
    if (out.size === 0) return out;
    const [count, step] = [x.shape[axis], x.stride[axis]];
    const starts = positionsOf(withoutAxis(out, axis));
    positionsOf(withoutAxis(x, axis)).forEach((start, n) => {
      sortLine(x.data, start, step, count, descending).forEach((k, place) => {
        out.data[starts[n] + place * out.stride[axis]] = k;
      });
    });
    return out;
  },
};

/** The numbers of the entries in the order of their values. */
function sortLine(data: TypedArray, start: number, step: number, count: number, descending: boolean): Int32Array {
  const sign = descending ? -1 : 1;
  return Int32Array.from({ length: count }, (_, k) => k).sort(
    (a, b) => sign * compare(data[start + a * step], data[start + b * step]) || a - b,
  );
}

export interface SortOptions {
  /** Default: the last. */
  readonly axis?: number;
  /** Largest first. Default: false. */
  readonly descending?: boolean;
}

/** The places of the entries along an axis in ascending order, as int32; equal ones keep their order. @example argsort(tensor([3, 1, 2])) */
export function argsort(x: TensorLike, { axis = -1, descending = false }: SortOptions = {}): Tensor {
  const own = operand("argsort", x);
  return apply(argsortPrimitive, [own], { axis: normalizeAxis("argsort", axis, own.dimension), descending });
}

/** The entries along an axis in ascending order, not-a-number last. @example sort(tensor([3, 1, 2])) */
export function sort(x: TensorLike, { axis = -1, descending = false }: SortOptions = {}): Tensor {
  const own = operand("sort", x);
  const at = normalizeAxis("sort", axis, own.dimension);
  return takeAlongAxis(own, argsort(own, { axis: at, descending }), at);
}

/**
 * The `count` largest entries along an axis (the last unless given), largest first, and where they stand (int32).
 * @throws RangeError for more entries than the axis has.
 * @example topK(tensor([3, 1, 2]), 2)
 */
export function topK(
  x: TensorLike,
  count: number,
  { axis = -1 }: { readonly axis?: number } = {},
): { values: Tensor; indices: Tensor } {
  const own = operand("topK", x);
  const at = normalizeAxis("topK", axis, own.dimension);
  if (!Number.isInteger(count) || count < 0 || count > own.shape[at])
    throw new RangeError(
      `topK: expected a count from 0 to ${own.shape[at]} for axis ${at} of ${show(own.shape)}, found ${count}`,
    );
  const order = argsort(own, { axis: at, descending: true });
  const indices = slice(
    order,
    own.shape.map((_, k) => (k === at ? [0, count] : null)),
  );
  return { values: takeAlongAxis(own, indices, at), indices };
}
