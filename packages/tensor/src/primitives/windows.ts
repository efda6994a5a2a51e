import type { TensorLike } from "../create.js";
import { operand } from "../forms/operands.js";
import { viewPrimitive } from "../forms/view.js";
import { apply } from "../interpreter.js";
import { show, withEntry } from "../layout.js";
import type { Primitive } from "../primitive.js";
import type { Tensor } from "../tensor.js";
import { add } from "./arithmetic.js";
import { place, type Range, slice } from "./slice.js";
import { moveAxis, reshape, zerosLike } from "./view.js";

/** How windows lie along one axis: window w reads entries w·stride + k·dilation, for k below size. */
export interface Window {
  readonly size: number;
  readonly stride: number;
  readonly dilation: number;
}

interface WindowParams extends Window {
  readonly axis: number;
}

/** From a window's first entry to its last. */
export const reach = ({ size, dilation }: Window): number => (size - 1) * dilation + 1;

/** How many windows lie within `entries`. */
export const windowCount = (entries: number, window: Window): number =>
  Math.max(0, Math.floor((entries - reach(window)) / window.stride) + 1);

/** An axis seen as windows, whose entries become a new last axis. */
export const windowsPrimitive: Primitive<WindowParams> = /* @__PURE__ */ viewPrimitive<WindowParams>("windows", {
  shape: ({ shape }, params) => [
    ...withEntry(shape, params.axis, windowCount(shape[params.axis], params)),
    params.size,
  ],
  restride: ({ shape, stride, offset }, params) => ({
    shape: [...withEntry(shape, params.axis, windowCount(shape[params.axis], params)), params.size],
    stride: [
      ...withEntry(stride, params.axis, stride[params.axis] * params.stride),
      stride[params.axis] * params.dilation,
    ],
    offset,
  }),
  adjoint(g, { inputs: [x], params: { axis, size, stride, dilation } }) {
    if (stride === size && dilation === 1) return sideBySide(g, x, axis, size);
    // Entry k of all windows is a region of its own; regions of different k may overlap, so they are added.
    const region = (k: number) => ({
      start: x.shape.map((_, a) => (a === axis ? k * dilation : 0)),
      step: x.shape.map((_, a) => (a === axis ? stride : 1)),
    });
    const lead: Range[] = x.shape.map(() => null);
    return Array.from({ length: size }, (_, k) =>
      place([slice(g, [...lead, k])], { shape: x.shape, regions: [region(k)] }),
    ).reduce((a, b) => add(a, b), zerosLike(x));
  },
  samples: [
    { shapes: [[2, 7]], params: { axis: 1, size: 3, stride: 2, dilation: 1 } },
    { shapes: [[6, 2]], params: { axis: 0, size: 2, stride: 1, dilation: 3 } },
    { shapes: [[2, 7, 2]], params: { axis: 1, size: 3, stride: 3, dilation: 1 } },
    { shapes: [[6, 2]], params: { axis: 0, size: 2, stride: 2, dilation: 1 } },
  ],
});

/** Windows that do not overlap hold each entry once: they are joined to one axis, and zeros follow what they leave out. */
function sideBySide(g: Tensor, x: Tensor, axis: number, size: number): Tensor {
  const covered = g.shape[axis] * size;
  const joined = reshape(moveAxis(g, -1, axis + 1), withEntry(x.shape, axis, covered));
  if (covered === x.shape[axis]) return joined;
  return place([joined], { shape: x.shape, regions: [{ start: x.shape.map(() => 0), step: x.shape.map(() => 1) }] });
}

export type PerAxis = number | readonly number[];

/** One whole number of at least 1 for each of `rank` axes. */
export function perAxis(name: string, what: string, value: PerAxis, rank: number): readonly number[] {
  const list = typeof value === "number" ? new Array<number>(rank).fill(value) : value;
  if (list.length !== rank || list.some((n) => !Number.isInteger(n) || n < 1))
    throw new RangeError(
      `${name}: expected ${what} as a whole number of at least 1, or one for each of ${rank} axes, found ${typeof value === "number" ? value : show(value)}`,
    );
  return list;
}

export interface WindowOptions {
  /** From one window to the next. Default: 1. */
  readonly stride?: PerAxis;
  /** From one entry of a window to the next. Default: 1. */
  readonly dilation?: PerAxis;
}

/**
 * The last axes, as many as `size` has numbers, seen as windows of that size, without a copy: […, windows…, size…].
 * @throws RangeError for sizes, strides or dilations below 1. Windows that do not fit are left out.
 * @example windows(tensor([1, 2, 3, 4, 5]), [3], { stride: 2 })   // [[1, 2, 3], [3, 4, 5]]
 */
export function windows(x: TensorLike, size: readonly number[], options: WindowOptions = {}): Tensor {
  const own = operand("windows", x);
  const rank = size.length;
  if (rank > own.dimension)
    throw new RangeError(
      `windows: ${rank} sizes for the axes of shape ${show(own.shape)}; expected one an axis at most`,
    );
  perAxis("windows", "size", size, rank);
  const stride = perAxis("windows", "stride", options.stride ?? 1, rank);
  const dilation = perAxis("windows", "dilation", options.dilation ?? 1, rank);
  const first = own.dimension - rank;
  return size.reduce(
    (seen, n, k) =>
      apply(windowsPrimitive, [seen], { axis: first + k, size: n, stride: stride[k], dilation: dilation[k] }),
    own,
  );
}
