import { add, type Padding, reshape, conv1d as slide1d, conv2d as slide2d, type Tensor, zeros } from "@kinship/tensor";
import { type Activation, activationNamed } from "./activation.js";
import { defaultWeights } from "./dense.js";
import { type InitialiserName, initialiserNamed } from "./initialisers.js";
import { describeLayer, type Layer, nothing, requireCount, type Shape } from "./layer.js";
import { type LayerPadding, requireAxes, requirePadding, windowed } from "./windowed.js";

export interface ConvolutionLayerOptions {
  readonly name?: string;
  readonly activation?: Activation;
  /** `true` unless given. */
  readonly bias?: boolean;
  /** He's for ReLUs, Glorot's otherwise. */
  readonly weights?: InitialiserName;
  /** 1 unless given. */
  readonly stride?: number;
  /** `same`, which keeps the size at stride 1, unless given. */
  readonly padding?: LayerPadding;
}

export type ConvolutionParameters = { readonly filters: Tensor; readonly bias?: Tensor };

/** Filters of `size` entries along a series: [channels, length] → [filters, windows]. @example conv1dLayer(8, 3) */
export const conv1dLayer = (
  filters: number,
  size: number,
  options: ConvolutionLayerOptions = {},
): Layer<ConvolutionParameters> => convolution("conv1d", 1, slide1d, filters, size, options);

/** Filters of `size` × `size` over images: [channels, height, width] → [filters, …windows]. @example conv2dLayer(8, 3) */
export const conv2dLayer = (
  filters: number,
  size: number,
  options: ConvolutionLayerOptions = {},
): Layer<ConvolutionParameters> => convolution("conv2d", 2, slide2d, filters, size, options);

function convolution(
  layer: string,
  rank: number,
  slide: (x: Tensor, filters: Tensor, options: { stride: number; padding: Padding }) => Tensor,
  filters: number,
  size: number,
  options: ConvolutionLayerOptions,
): Layer<ConvolutionParameters> {
  const { name = layer, activation = "identity", bias = true, stride = 1, padding = "same" } = options;
  requireCount(name, "the number of filters", filters);
  requireCount(name, "the size of the filters", size);
  requireCount(name, "the stride", stride);
  requirePadding(name, padding);
  const f = activationNamed(activation, name);
  const draw = initialiserNamed(options.weights ?? defaultWeights(activation), name);
  return {
    name,
    description: describeLayer(layer, { filters, size, ...options }),
    outputShape(input: Shape) {
      requireAxes(name, input, rank);
      return [filters, ...windowed(name, input.slice(1), size, stride, padding)];
    },
    initialise(key, input, dtype) {
      const area = size ** rank;
      const shape = [filters, input[0]!, ...new Array<number>(rank).fill(size)];
      const weights = draw(key, shape, { in: input[0]! * area, out: filters * area }, dtype);
      return {
        parameters: bias ? { filters: weights, bias: zeros([filters], dtype) } : { filters: weights },
        state: nothing,
      };
    },
    apply({ filters: weights, bias: offset }, x) {
      const out = slide(x, weights, { stride, padding });
      const shifted =
        offset === undefined ? out : add(out, reshape(offset, [filters, ...new Array<number>(rank).fill(1)]));
      return { output: f(shifted), state: nothing };
    },
  };
}
