import type { TensorLike } from "../create.js";
import { operand } from "../forms/operands.js";
import { viewPrimitive } from "../forms/view.js";
import { apply } from "../interpreter.js";
import { sameShape, show } from "../layout.js";
import type { Primitive } from "../primitive.js";
import type { Tensor } from "../tensor.js";
import { add } from "./arithmetic.js";
import { place, type Range, slice } from "./slice.js";
import { permute, reshape } from "./view.js";

/** How windows lie along one axis: window w reads entries w·stride + k·dilation, for k below size. */
export interface Window {
  readonly size: number;
  readonly stride: number;
  readonly dilation: number;
}

interface WindowParams {
  /** The first axis that is seen as windows; the others follow it. */
  readonly axis: number;
  readonly windows: readonly Window[];
}

/** From a window's first entry to its last. */
export const reach = ({ size, dilation }: Window): number => (size - 1) * dilation + 1;

/** How many windows lie within `entries`. */
export const windowCount = (entries: number, window: Window): number =>
  Math.max(0, Math.floor((entries - reach(window)) / window.stride) + 1);

/** Neighbouring axes seen as windows, whose entries become new last axes. */
export const windowsPrimitive: Primitive<WindowParams> = /* @__PURE__ */ viewPrimitive<WindowParams>("windows", {
  shape: ({ shape }, params) => windowsShape(shape, params),
  restride: ({ shape, stride, offset }, params) => {
    const own = (of: (window: Window) => number) => params.windows.map((w, k) => stride[params.axis + k] * of(w));
    return {
      shape: windowsShape(shape, params),
      stride: [
        ...withEntries(
          stride,
          params.axis,
          own((w) => w.stride),
        ),
        ...own((w) => w.dilation),
      ],
      offset,
    };
  },
  adjoint(g, { inputs: [x], params }) {
    if (params.windows.every(({ size, stride, dilation }) => stride === size && dilation === 1))
      return sideBySide(g, x, params);
    // The entries of the last axis go back first; before it, the axes that come earlier were windows already.
    return params.windows.reduceRight((seen, window, k) => {
      const { shape } = x;
      const before = windowsShape(shape, { axis: params.axis, windows: params.windows.slice(0, k) });
      return spread(seen, before, params.axis + k, window);
    }, g);
  },
  samples: [
    { shapes: [[2, 7]], params: { axis: 1, windows: [{ size: 3, stride: 2, dilation: 1 }] } },
    { shapes: [[6, 2]], params: { axis: 0, windows: [{ size: 2, stride: 1, dilation: 3 }] } },
    { shapes: [[2, 7, 2]], params: { axis: 1, windows: [{ size: 3, stride: 3, dilation: 1 }] } },
    { shapes: [[6, 2]], params: { axis: 0, windows: [{ size: 2, stride: 2, dilation: 1 }] } },
    {
      shapes: [[2, 5, 6]],
      params: {
        axis: 1,
        windows: [
          { size: 2, stride: 2, dilation: 1 },
          { size: 3, stride: 3, dilation: 1 },
        ],
      },
    },
    {
      shapes: [[4, 5, 2]],
      params: {
        axis: 0,
        windows: [
          { size: 2, stride: 1, dilation: 2 },
          { size: 2, stride: 2, dilation: 1 },
        ],
      },
    },
  ],
});

const withEntries = (list: readonly number[], at: number, values: readonly number[]): number[] =>
  list.map((value, k) => values[k - at] ?? value);

const windowsShape = (shape: readonly number[], { axis, windows }: WindowParams): number[] => [
  ...withEntries(
    shape,
    axis,
    windows.map((window, k) => windowCount(shape[axis + k], window)),
  ),
  ...windows.map(({ size }) => size),
];

/** Windows that do not overlap hold each entry once: they are joined to their axes, and zeros follow what they leave out. */
function sideBySide(g: Tensor, x: Tensor, { axis, windows }: WindowParams): Tensor {
  const rank = windows.length;
  const first = g.dimension - rank;
  const order = x.shape.flatMap((_, a) => (a >= axis && a < axis + rank ? [a, first + a - axis] : [a]));
  const covered = withEntries(
    x.shape,
    axis,
    windows.map(({ size }, k) => g.shape[axis + k] * size),
  );
  const joined = reshape(permute(g, order), covered);
  if (sameShape(covered, x.shape)) return joined;
  return place([joined], { shape: x.shape, regions: [{ start: x.shape.map(() => 0), step: x.shape.map(() => 1) }] });
}

/** Along one axis entry k of all windows is a region of its own; regions of different k may overlap, so they are added. */
function spread(g: Tensor, shape: readonly number[], axis: number, { size, stride, dilation }: Window): Tensor {
  const region = (k: number) => ({
    start: shape.map((_, a) => (a === axis ? k * dilation : 0)),
    step: shape.map((_, a) => (a === axis ? stride : 1)),
  });
  const lead: Range[] = shape.map(() => null);
  return Array.from({ length: size }, (_, k) =>
    place([slice(g, [...lead, k])], { shape, regions: [region(k)] }),
  ).reduce((a, b) => add(a, b));
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
  if (rank === 0) return own;
  const all = size.map((n, k) => ({ size: n, stride: stride[k], dilation: dilation[k] }));
  return apply(windowsPrimitive, [own], { axis: first, windows: all });
}
