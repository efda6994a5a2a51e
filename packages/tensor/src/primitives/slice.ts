import { copyBetween } from "../copy.js";
import type { TensorLike } from "../create.js";
import { allocate, promote } from "../dtype.js";
import { operand } from "../forms/operands.js";
import { viewPrimitive } from "../forms/view.js";
import { apply } from "../interpreter.js";
import { contiguousStride, type Layout, normalizeAxes, show, sizeOf } from "../layout.js";
import type { Primitive, Region, Signature } from "../primitive.js";
import { fromData, type Tensor } from "../tensor.js";
import { reshape } from "./view.js";

// Slicing and placing are each other's adjoints: `slice` reads a region, `place` writes regions into zeros.

export interface SliceParams extends Region {
  readonly shape: readonly number[];
}

export const slicePrimitive: Primitive<SliceParams> = /* @__PURE__ */ viewPrimitive<SliceParams>("slice", {
  shape: (_, { shape }) => shape,
  restride: ({ stride, offset }, { start, step, shape }) => ({
    shape,
    stride: stride.map((s, axis) => s * step[axis]),
    offset: sizeOf(shape) === 0 ? offset : stride.reduce((at, s, axis) => at + s * start[axis], offset),
  }),
  adjoint: (g, { inputs: [x], params: { start, step } }) => place([g], { shape: x.shape, regions: [{ start, step }] }),
  samples: [
    { shapes: [[5, 6]], params: { start: [1, 4], step: [2, -2], shape: [2, 2] } },
    { shapes: [[4]], params: { start: [3], step: [-1], shape: [4] } },
  ],
});

export interface PlaceParams {
  readonly shape: readonly number[];
  /** One an input; regions do not overlap. */
  readonly regions: readonly Region[];
}

export const placePrimitive: Primitive<PlaceParams> = {
  name: "place",
  form: { kind: "place", regions: ({ regions }) => regions },
  derivative: {
    kind: "linear",
    adjoint: (g, input, { inputs, params: { regions } }) =>
      apply(slicePrimitive, [g], { ...regions[input], shape: inputs[input].shape }),
  },
  samples: [
    { shapes: [[2, 2]], params: { shape: [5, 6], regions: [{ start: [1, 4], step: [2, -2] }] } },
    {
      shapes: [
        [2, 3],
        [1, 3],
      ],
      params: {
        shape: [3, 3],
        regions: [
          { start: [0, 0], step: [1, 1] },
          { start: [2, 0], step: [1, 1] },
        ],
      },
    },
  ],
  infer: (inputs, { shape }) => ({ shape, dtype: inputs.map((x) => x.dtype).reduce(promote) }),
  evaluate(inputs, output, { regions }) {
    const out = allocate(output.dtype, sizeOf(output.shape));
    inputs.forEach((x, k) => {
      copyBetween(out, regionLayout(output, x, regions[k]), x.data, x);
    });
    return fromData(out, output.dtype, output.shape);
  },
};

/** Where an input's elements stand in the row-major output. */
export function regionLayout(output: Signature, input: { readonly shape: readonly number[] }, region: Region): Layout {
  const stride = contiguousStride(output.shape);
  return {
    shape: input.shape,
    stride: stride.map((s, axis) => s * region.step[axis]),
    offset: stride.reduce((at, s, axis) => at + s * region.start[axis], 0),
  };
}

export const place = (inputs: readonly Tensor[], params: PlaceParams): Tensor => apply(placePrimitive, inputs, params);

/**
 * What to take of an axis: an index (the axis is dropped), `[start, stop, step]` as Python's slices (any part may be
 * missing or null, negative ones count from the end, the step may be negative), or null for all.
 */
export type Range = number | null | readonly [start?: number | null, stop?: number | null, step?: number | null];

/**
 * A part of a tensor, without a copy. Axes that are not named are taken whole.
 * @throws RangeError for an index out of bounds, a step of 0, more ranges than axes.
 * @example slice(tensor([[1, 2, 3], [4, 5, 6]]), [0, [null, null, -1]])   // the first row, reversed
 */
export function slice(x: TensorLike, ranges: readonly Range[]): Tensor {
  const own = operand("slice", x);
  if (ranges.length > own.dimension)
    throw new RangeError(`slice: ${ranges.length} ranges for shape ${show(own.shape)}; expected one an axis at most`);
  const parts = own.shape.map((size, axis) => resolve(ranges[axis] ?? null, size, axis));
  const part = apply(slicePrimitive, [own], {
    start: parts.map((p) => p.start),
    step: parts.map((p) => p.step),
    shape: parts.map((p) => p.count),
  });
  return parts.some((p) => p.dropped)
    ? reshape(
        part,
        part.shape.filter((_, axis) => !parts[axis].dropped),
      )
    : part;
}

function resolve(range: Range, size: number, axis: number) {
  if (typeof range === "number") {
    const start = range < 0 ? range + size : range;
    if (!Number.isInteger(range) || start < 0 || start >= size)
      throw new RangeError(`slice: index ${range} is out of bounds for axis ${axis} of size ${size}`);
    return { start, step: 1, count: 1, dropped: true };
  }
  if (range !== null && !Array.isArray(range))
    throw new TypeError(
      `slice: expected an index, [start, stop, step] or null for axis ${axis}, found ${typeof range}; null takes all`,
    );
  const [from, to, by] = (range as Exclude<Range, number>) ?? [];
  const step = by ?? 1;
  if (!Number.isInteger(step) || step === 0 || ![from ?? 0, to ?? 0].every(Number.isInteger))
    throw new RangeError(
      `slice: expected whole numbers and a step that is not 0 on axis ${axis}, found ${show([from ?? 0, to ?? size, step])}`,
    );
  const bound = (at: number) =>
    Math.max(step > 0 ? 0 : -1, Math.min(at < 0 ? at + size : at, step > 0 ? size : size - 1));
  const start = from == null ? (step > 0 ? 0 : size - 1) : bound(from);
  const stop = to == null ? (step > 0 ? size : -1) : bound(to);
  return { start, step, count: Math.max(0, Math.ceil((stop - start) / step)), dropped: false };
}

/** The order of elements reversed along axes (all unless given). @example flip(tensor([1, 2, 3])) */
export function flip(x: TensorLike, axis?: number | readonly number[]): Tensor {
  const own = operand("flip", x);
  const axes = normalizeAxes("flip", axis, own.dimension);
  return slice(
    own,
    own.shape.map((_, k) => (axes.includes(k) ? [null, null, -1] : null)),
  );
}
