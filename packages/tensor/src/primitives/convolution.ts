import type { TensorLike } from "../create.js";
import { contractPrimitive } from "../forms/contract.js";
import { operands } from "../forms/operands.js";
import { apply } from "../interpreter.js";
import { type Layout, show } from "../layout.js";
import type { Primitive } from "../primitive.js";
import type { Tensor } from "../tensor.js";
import { pad } from "./joining.js";
import { flip, place, type Range, slice } from "./slice.js";
import { permute, reshape } from "./view.js";
import { type PerAxis, perAxis, reach, type Window, windowCount } from "./windows.js";

// One primitive says the convolution of images [batch, group, channel, …space] with filters [group, out, channel, …size],
// [batch, group, out, …windows], as a sum of products over the windows. Its adjoints are the same primitive again, with
// batch, channels and outputs in other roles, and stride and dilation swapped (V. Dumoulin, F. Visin, "A guide to
// convolution arithmetic for deep learning", 2016, chapter 4).

interface ConvolutionParams {
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
}

const windowOf = (filters: Layout, { stride, dilation }: ConvolutionParams, k: number): Window => ({
  size: filters.shape[3 + k],
  stride: stride[k],
  dilation: dilation[k],
});

const count = (n: number, from = 0): number[] => Array.from({ length: n }, (_, k) => from + k);

export const convolutionPrimitive: Primitive<ConvolutionParams> = /* @__PURE__ */ contractPrimitive<ConvolutionParams>(
  "convolution",
  {
    contraction([images, filters], params) {
      const axes = count(params.stride.length);
      const windows = axes.map((k) => windowOf(filters, params, k));
      const [batch, group, channel, out] = [0, 1, 2, 3];
      const places = axes.map((k) => 4 + k);
      const entries = axes.map((k) => 4 + axes.length + k);
      return {
        operands: [
          {
            shape: [
              ...images.shape.slice(0, 3),
              ...axes.map((k) => windowCount(images.shape[3 + k], windows[k])),
              ...filters.shape.slice(3),
            ],
            stride: [
              ...images.stride.slice(0, 3),
              ...axes.map((k) => images.stride[3 + k] * params.stride[k]),
              ...axes.map((k) => images.stride[3 + k] * params.dilation[k]),
            ],
            offset: images.offset,
          },
          filters,
        ],
        labels: [
          [batch, group, channel, ...places, ...entries],
          [group, out, channel, ...entries],
        ],
        output: [batch, group, out, ...places],
      };
    },
    derivative: {
      kind: "multilinear",
      adjoint: (g, input, { inputs: [images, filters], params }) =>
        input === 0 ? toImages(g, images, filters, params) : toFilters(g, images, filters, params),
    },
    samples: [
      {
        shapes: [
          [2, 1, 2, 5],
          [1, 2, 2, 3],
        ],
        params: { stride: [1], dilation: [1] },
      },
      {
        shapes: [
          [1, 2, 2, 6],
          [2, 1, 2, 2],
        ],
        params: { stride: [2], dilation: [1] },
      },
      {
        shapes: [
          [1, 1, 2, 5, 6],
          [1, 2, 2, 2, 3],
        ],
        params: { stride: [1, 2], dilation: [2, 1] },
      },
    ],
  },
);

/** Each output spreads its cotangent over its window: a convolution with the filters turned around. */
function toImages(g: Tensor, images: Tensor, filters: Tensor, params: ConvolutionParams): Tensor {
  const axes = count(params.stride.length);
  const margin = axes.map((k) => reach(windowOf(filters, params, k)) - 1);
  // Zeros between the windows' places, and around them so that every entry of the images has a window.
  const spread = place([g], {
    shape: [...g.shape.slice(0, 3), ...axes.map((k) => images.shape[3 + k] + margin[k])],
    regions: [{ start: [0, 0, 0, ...margin], step: [1, 1, 1, ...params.stride] }],
  });
  const turned = permute(
    flip(
      filters,
      axes.map((k) => 3 + k),
    ),
    [0, 2, 1, ...axes.map((k) => 3 + k)],
  );
  return apply(convolutionPrimitive, [spread, turned], { stride: axes.map(() => 1), dilation: params.dilation });
}

/** Each entry of a filter met one entry of the images in every window: a convolution with the cotangent as the filter. */
function toFilters(g: Tensor, images: Tensor, filters: Tensor, params: ConvolutionParams): Tensor {
  const axes = count(params.stride.length);
  const space = axes.map((k) => 3 + k);
  // What no window reads is cut off; else there would be places for entries that the filters do not have.
  const used = axes.map(
    (k): Range => [0, (g.shape[3 + k] - 1) * params.stride[k] + reach(windowOf(filters, params, k))],
  );
  const read = slice(images, [null, null, null, ...used]);
  const swapped = apply(convolutionPrimitive, [permute(read, [2, 1, 0, ...space]), permute(g, [1, 2, 0, ...space])], {
    stride: params.dilation,
    dilation: params.stride,
  });
  return permute(swapped, [1, 2, 0, ...space]);
}

/** Zeros around each spatial axis: none (`"valid"`), enough for ⌈size / stride⌉ windows (`"same"`), or as many as said. */
export type Padding = "valid" | "same" | number | readonly (number | readonly [before: number, after: number])[];

export interface ConvolutionOptions {
  readonly stride?: PerAxis;
  readonly padding?: Padding;
  readonly dilation?: PerAxis;
  /** Channels and outputs fall into this many groups that do not see each other. Default: 1. */
  readonly groups?: number;
}

/** The widths that `padding` means, for windows over the spatial axes. */
export function paddingWidths(
  name: string,
  padding: Padding,
  space: readonly number[],
  windows: readonly Window[],
): readonly (readonly [number, number])[] {
  if (padding === "valid") return space.map(() => [0, 0]);
  if (padding === "same")
    return space.map((size, k) => {
      const needed = (Math.ceil(size / windows[k].stride) - 1) * windows[k].stride + reach(windows[k]);
      const total = Math.max(0, needed - size);
      return [Math.floor(total / 2), Math.ceil(total / 2)];
    });
  const list = typeof padding === "number" ? space.map(() => padding) : padding;
  if (!Array.isArray(list) || list.length !== space.length)
    throw new RangeError(
      `${name}: expected padding "valid", "same", a number, or one entry for each of ${space.length} axes, found ${JSON.stringify(padding)}`,
    );
  return list.map((width: number | readonly [number, number]) => (typeof width === "number" ? [width, width] : width));
}

function convolve(
  name: string,
  rank: number,
  x: TensorLike,
  filters: TensorLike,
  { stride = 1, padding = "valid", dilation = 1, groups = 1 }: ConvolutionOptions,
): Tensor {
  const [images, w] = operands(name, [x, filters]);
  if (images.dimension !== rank + 2 || w.dimension !== rank + 2)
    throw new RangeError(
      `${name}: expected [batch, channels, …${rank} sizes] and filters [out, channels / groups, …${rank} sizes], found ${show(images.shape)} and ${show(w.shape)}`,
    );
  const params = {
    stride: perAxis(name, "stride", stride, rank),
    dilation: perAxis(name, "dilation", dilation, rank),
  };
  const [batch, channels, ...space] = images.shape;
  const [out, own, ...size] = w.shape;
  if (!Number.isInteger(groups) || groups < 1 || channels !== own * groups || out % groups !== 0)
    throw new RangeError(
      `${name}: images ${show(images.shape)} and filters ${show(w.shape)} do not fit ${groups} group${groups === 1 ? "" : "s"}: expected channels = groups · ${own} and a multiple of groups filters`,
    );
  const windows = size.map((n, k) => ({ size: n, stride: params.stride[k], dilation: params.dilation[k] }));
  const widths = paddingWidths(name, padding, space, windows);
  const padded = widths.some(([before, after]) => before !== 0 || after !== 0)
    ? pad(images, [[0, 0], [0, 0], ...widths])
    : images;
  const reached = padded.shape.slice(2);
  if (windows.some((window, k) => window.size < 1 || reach(window) > reached[k]))
    throw new RangeError(
      `${name}: filters of ${show(size)} with dilation ${show(params.dilation)} do not fit images of ${show(reached)} (padding included)`,
    );
  const product = apply(
    convolutionPrimitive,
    [reshape(padded, [batch, groups, own, ...reached]), reshape(w, [groups, out / groups, own, ...size])],
    params,
  );
  return reshape(product, [batch, out, ...product.shape.slice(3)]);
}

/**
 * Slides filters [out, channels / groups, width] along series [batch, channels, length]: [batch, out, windows]. As in
 * the field of networks the filters are not turned around.
 * @throws RangeError for shapes that do not fit.
 * @example conv1d(tensor([[[1, 2, 3, 4]]]), tensor([[[1, -1]]]))
 */
export const conv1d = (x: TensorLike, filters: TensorLike, options: ConvolutionOptions = {}): Tensor =>
  convolve("conv1d", 1, x, filters, options);

/**
 * Slides filters [out, channels / groups, height, width] over images [batch, channels, height, width]:
 * [batch, out, …windows]. As in the field of networks the filters are not turned around.
 * @throws RangeError for shapes that do not fit.
 * @example conv2d(ones([1, 1, 3, 3]), ones([2, 1, 2, 2]), { padding: "same" })
 */
export const conv2d = (x: TensorLike, filters: TensorLike, options: ConvolutionOptions = {}): Tensor =>
  convolve("conv2d", 2, x, filters, options);
