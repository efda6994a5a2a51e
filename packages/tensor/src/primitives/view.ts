import { scalar, type TensorLike } from "../create.js";
import { operand } from "../forms/operands.js";
import { viewPrimitive } from "../forms/view.js";
import { apply } from "../interpreter.js";
import {
  broadcastLayout,
  broadcastShapes,
  checkShape,
  contiguousStride,
  isContiguous,
  type Layout,
  normalizeAxes,
  normalizeAxis,
  sameShape,
  show,
  sizeOf,
} from "../layout.js";
import type { Primitive } from "../primitive.js";
import type { Tensor } from "../tensor.js";
import { sum } from "./reduction.js";

type Shaped = { readonly shape: readonly number[] };

export const aliasPrimitive: Primitive<void> = /* @__PURE__ */ viewPrimitive("alias", {
  shape: (x) => x.shape,
  restride: (layout) => layout,
  adjoint: (g) => g,
  samples: [{ shapes: [[3, 4]], params: undefined }],
});

/** The same values under a new identity: derivatives are traced by identity. */
export const alias = (x: Tensor): Tensor => apply(aliasPrimitive, [x], undefined);

export const stopGradientPrimitive: Primitive<void> = /* @__PURE__ */ viewPrimitive("stopGradient", {
  shape: (x) => x.shape,
  restride: (layout) => layout,
  adjoint: "stop",
  samples: [{ shapes: [[3, 4]], params: undefined }],
});

/** The same values, constant for derivatives. @example stopGradient(tensor([1, 2])) */
export const stopGradient = (x: TensorLike): Tensor =>
  apply(stopGradientPrimitive, [operand("stopGradient", x)], undefined);

export const reshapePrimitive: Primitive<Shaped> = /* @__PURE__ */ viewPrimitive<Shaped>("reshape", {
  shape: (_, { shape }) => shape,
  restride: (layout, { shape }) => restrideForShape(layout, shape),
  adjoint: (g, { inputs: [x] }) => reshape(g, x.shape),
  samples: [
    { shapes: [[3, 4]], params: { shape: [2, 6] } },
    { shapes: [[3, 4]], params: { shape: [1, 12, 1] } },
  ],
});

/** Strides for another shape of the same elements in the same order, where there are any. */
function restrideForShape(layout: Layout, shape: readonly number[]): Layout | undefined {
  if (isContiguous(layout)) return { shape, stride: contiguousStride(shape), offset: layout.offset };
  const old = layout.shape
    .map((size, axis) => ({ size, stride: layout.stride[axis] }))
    .filter(({ size }) => size !== 1);
  const stride = new Array<number>(shape.length).fill(0);
  let from = 0;
  let to = 0;
  while (from < old.length) {
    // The smallest group of old axes and of new axes with the same number of elements.
    let [oldSize, newSize] = [old[from].size, 1];
    let fromEnd = from + 1;
    let toEnd = to;
    while (oldSize !== newSize || newSize === 1) {
      if (newSize < oldSize) newSize *= shape[toEnd++];
      else oldSize *= old[fromEnd++].size;
    }
    for (let k = from; k + 1 < fromEnd; k++)
      if (old[k].stride !== old[k + 1].stride * old[k + 1].size) return undefined;
    let step = old[fromEnd - 1].stride;
    for (let axis = toEnd - 1; axis >= to; axis--) {
      stride[axis] = step;
      step *= shape[axis];
    }
    from = fromEnd;
    to = toEnd;
  }
  return { shape, stride, offset: layout.offset };
}

/**
 * The same elements in row-major order under another shape; one size may be −1 and follows from the others.
 * @throws RangeError where the number of elements differs.
 * @example reshape(tensor([1, 2, 3, 4]), [2, -1])
 */
export function reshape(x: TensorLike, shape: readonly number[]): Tensor {
  const own = operand("reshape", x);
  if (sameShape(own.shape, shape)) return own;
  const known = sizeOf(shape.filter((size) => size !== -1));
  const full = shape.map((size) => (size === -1 ? own.size / (known || 1) : size));
  const unknown = shape.length - shape.filter((size) => size !== -1).length;
  if (unknown > 1 || full.some((size) => !Number.isInteger(size) || size < 0) || sizeOf(full) !== own.size)
    throw new RangeError(
      `reshape: ${show(own.shape)} has ${own.size} elements and does not fit shape ${show(shape)}; the sizes must multiply to the same number`,
    );
  return apply(reshapePrimitive, [own], { shape: full });
}

/** All elements along one axis. @example flatten(tensor([[1, 2], [3, 4]])) */
export const flatten = (x: TensorLike): Tensor => reshape(x, [operand("flatten", x).size]);

/** A new axis of size 1 before `axis` (−1: after the last). @example expandDims(tensor([1, 2]), 0) */
export function expandDims(x: TensorLike, axis: number): Tensor {
  const own = operand("expandDims", x);
  const at = normalizeAxis("expandDims", axis, own.dimension + 1);
  return reshape(own, [...own.shape.slice(0, at), 1, ...own.shape.slice(at)]);
}

/** Without the axes of size 1, or without those named. @example squeeze(tensor([[1, 2]])) */
export function squeeze(x: TensorLike, axis?: number | readonly number[]): Tensor {
  const own = operand("squeeze", x);
  const axes = axis === undefined ? undefined : normalizeAxes("squeeze", axis, own.dimension);
  for (const k of axes ?? [])
    if (own.shape[k] !== 1)
      throw new RangeError(`squeeze: axis ${k} of shape ${show(own.shape)} has size ${own.shape[k]}, expected 1`);
  return reshape(
    own,
    own.shape.filter((size, k) => (axes ? !axes.includes(k) : size !== 1)),
  );
}

type Permutation = { readonly axes: readonly number[] };

export const permutePrimitive: Primitive<Permutation> = /* @__PURE__ */ viewPrimitive<Permutation>("permute", {
  shape: (x, { axes }) => axes.map((axis) => x.shape[axis]),
  restride: ({ shape, stride, offset }, { axes }) => ({
    shape: axes.map((axis) => shape[axis]),
    stride: axes.map((axis) => stride[axis]),
    offset,
  }),
  adjoint: (g, { params: { axes } }) =>
    permute(
      g,
      axes.map((_, k) => axes.indexOf(k)),
    ),
  samples: [{ shapes: [[2, 3, 4]], params: { axes: [2, 0, 1] } }],
});

/** The axes in another order. @example permute(tensor([[1, 2], [3, 4]]), [1, 0]) */
export function permute(x: TensorLike, axes: readonly number[]): Tensor {
  const own = operand("permute", x);
  const order = axes.map((axis) => normalizeAxis("permute", axis, own.dimension));
  if (order.length !== own.dimension || new Set(order).size !== order.length)
    throw new RangeError(
      `permute: expected each of the ${own.dimension} axes of shape ${show(own.shape)} once, found ${show(axes)}`,
    );
  if (order.every((axis, k) => axis === k)) return own;
  return apply(permutePrimitive, [own], { axes: order });
}

/** The axes reversed, or in the order given, as NumPy. @example transpose(tensor([[1, 2, 3]])) */
export function transpose(x: TensorLike, axes?: readonly number[]): Tensor {
  const own = operand("transpose", x);
  return permute(own, axes ?? own.shape.map((_, k) => own.dimension - 1 - k));
}

/** The last two axes swapped: the transpose of each matrix of a batch. @example matrixTranspose(tensor([[1, 2, 3]])) */
export function matrixTranspose(x: TensorLike): Tensor {
  const own = operand("matrixTranspose", x);
  const rank = own.dimension;
  if (rank < 2) throw new RangeError(`matrixTranspose: expected at least two axes, found shape ${show(own.shape)}`);
  return permute(own, [...own.shape.keys()].slice(0, -2).concat(rank - 1, rank - 2));
}

/** One axis moved to another place, the others in their order. @example moveAxis(tensor([[1, 2]]), 0, 1) */
export function moveAxis(x: TensorLike, from: number, to: number): Tensor {
  const own = operand("moveAxis", x);
  const axes = [...own.shape.keys()];
  const [axis] = axes.splice(normalizeAxis("moveAxis", from, own.dimension), 1);
  axes.splice(normalizeAxis("moveAxis", to, own.dimension), 0, axis);
  return permute(own, axes);
}

export const broadcastPrimitive: Primitive<Shaped> = /* @__PURE__ */ viewPrimitive<Shaped>("broadcastTo", {
  shape(x, { shape }) {
    if (!sameShape(broadcastShapes("broadcastTo", [x.shape, shape]), shape))
      throw new RangeError(`broadcastTo: ${show(x.shape)} does not broadcast to ${show(shape)}`);
    return shape;
  },
  restride: (layout, { shape }) => broadcastLayout(layout, shape),
  adjoint: (g, { inputs: [x] }) => sumTo(g, x.shape),
  samples: [
    { shapes: [[3, 1]], params: { shape: [2, 3, 4] } },
    { shapes: [[]], params: { shape: [2, 3] } },
  ],
});

/** The values repeated to a larger shape, without a copy. @example broadcastTo(tensor([1, 2]), [3, 2]) */
export function broadcastTo(x: TensorLike, shape: readonly number[]): Tensor {
  const own = operand("broadcastTo", x);
  checkShape("broadcastTo", shape);
  return sameShape(own.shape, shape) ? own : apply(broadcastPrimitive, [own], { shape });
}

/** The adjoint of `broadcastTo`: sums over the axes that broadcasting to `x`'s shape would have repeated. */
export function sumTo(x: Tensor, shape: readonly number[]): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const lead = x.dimension - shape.length;
  const repeated = [...x.shape.keys()].filter((k) => k < lead || (shape[k - lead] === 1 && x.shape[k] !== 1));
  return reshape(sum(x, { axis: repeated }), shape);
}

/** Zeros (a single one, repeated) of the shape and dtype of `x`. Not for writing into. */
export const zerosLike = (x: Tensor): Tensor => broadcastTo(scalar(0, x.dtype), x.shape);

/** Ones (a single one, repeated) of the shape and dtype of `x`. Not for writing into. */
export const onesLike = (x: Tensor): Tensor => broadcastTo(scalar(1, x.dtype), x.shape);
