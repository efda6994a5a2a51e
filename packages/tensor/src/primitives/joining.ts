import { scalar, type TensorLike } from "../create.js";
import { operand, operands } from "../forms/operands.js";
import { checkShape, normalizeAxis, show } from "../layout.js";
import type { Tensor } from "../tensor.js";
import { where } from "./comparison.js";
import { place, slice } from "./slice.js";
import { broadcastTo, expandDims, reshape } from "./view.js";

/** Tensors one after another along an existing axis. @example concat([tensor([1, 2]), tensor([3])]) */
export function concat(inputs: readonly TensorLike[], axis = 0): Tensor {
  if (inputs.length === 0) throw new RangeError("concat: expected at least one tensor, found none");
  const xs = operands("concat", inputs);
  const rank = xs[0].dimension;
  if (rank === 0) throw new RangeError("concat: a tensor without axes cannot be joined; use stack");
  const along = normalizeAxis("concat", axis, rank);
  let total = 0;
  const regions = xs.map((x, k) => {
    if (x.dimension !== rank || x.shape.some((size, a) => a !== along && size !== xs[0].shape[a]))
      throw new RangeError(
        `concat: shapes ${show(xs[0].shape)} and ${show(x.shape)} (number ${k}) differ besides axis ${along}`,
      );
    const start = x.shape.map((_, a) => (a === along ? total : 0));
    total += x.shape[along];
    return { start, step: x.shape.map(() => 1) };
  });
  return place(xs, { shape: xs[0].shape.map((size, a) => (a === along ? total : size)), regions });
}

/** Tensors of one shape along a new axis. @example stack([tensor([1, 2]), tensor([3, 4])]) */
export function stack(inputs: readonly TensorLike[], axis = 0): Tensor {
  const xs = operands("stack", inputs);
  if (xs.length === 0) throw new RangeError("stack: expected at least one tensor, found none");
  return concat(
    xs.map((x) => expandDims(x, axis)),
    axis,
  );
}

/** Parts along an axis: `parts` equal ones, or parts of the sizes given. @example split(tensor([1, 2, 3, 4]), 2) */
export function split(x: TensorLike, parts: number | readonly number[], axis = 0): Tensor[] {
  const own = operand("split", x);
  const along = normalizeAxis("split", axis, own.dimension);
  const size = own.shape[along];
  const sizes = typeof parts === "number" ? new Array<number>(parts).fill(size / parts) : parts;
  checkShape("split", sizes);
  if (sizes.reduce((a, b) => a + b, 0) !== size)
    throw new RangeError(`split: parts ${show(sizes)} do not add up to the ${size} of axis ${along}`);
  let start = 0;
  return sizes.map((part) => {
    const range = [start, start + part] as const;
    start += part;
    return slice(
      own,
      own.shape.map((_, a) => (a === along ? range : null)),
    );
  });
}

/** The tensor repeated along each axis. @example tile(tensor([1, 2]), [2]) */
export function tile(x: TensorLike, repeats: readonly number[]): Tensor {
  const own = operand("tile", x);
  checkShape("tile", repeats);
  const rank = Math.max(own.dimension, repeats.length);
  const shape = [...new Array<number>(rank - own.dimension).fill(1), ...own.shape];
  const times = [...new Array<number>(rank - repeats.length).fill(1), ...repeats];
  const spread = broadcastTo(
    reshape(
      own,
      shape.flatMap((size) => [1, size]),
    ),
    shape.flatMap((size, a) => [times[a], size]),
  );
  return reshape(
    spread,
    shape.map((size, a) => size * times[a]),
  );
}

/** Each axis longer by `[before, after]` entries of one value. @example pad(tensor([1, 2]), [[1, 1]]) */
export function pad(x: TensorLike, widths: readonly (readonly [before: number, after: number])[], value = 0): Tensor {
  const own = operand("pad", x);
  if (widths.length !== own.dimension)
    throw new RangeError(`pad: expected [before, after] for each of the ${own.dimension} axes, found ${widths.length}`);
  checkShape("pad", widths.flat());
  const shape = own.shape.map((size, a) => size + widths[a][0] + widths[a][1]);
  const region = { start: widths.map(([before]) => before), step: widths.map(() => 1) };
  const padded = place([own], { shape, regions: [region] });
  if (value === 0) return padded;
  const inside = place([broadcastTo(scalar(1, "uint8"), own.shape)], { shape, regions: [region] });
  return where(inside, padded, value);
}
