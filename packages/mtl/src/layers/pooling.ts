import { avgPool1d, avgPool2d, maxPool1d, maxPool2d, mean, type Tensor } from "@kinship/tensor";
import { describeLayer, type Layer, type nothing, plainLayer, requireCount, shapeError } from "./layer.js";
import { type LayerPadding, requireAxes, requirePadding, windowed } from "./windowed.js";

export interface PoolingLayerOptions {
  /** The size unless given, so that windows do not overlap. */
  readonly stride?: number;
  /** `valid`, which leaves out what does not fill a window, unless given. */
  readonly padding?: LayerPadding;
}

/** The largest entry of each window of `size` entries along a series: [channels, length] → [channels, windows]. */
export const maxPool1dLayer = (size: number, options: PoolingLayerOptions = {}): Layer<typeof nothing> =>
  pooling("maxPool1d", 1, maxPool1d, size, options);

/** The largest entry of each window of `size` × `size`: [channels, height, width] → [channels, …windows]. */
export const maxPool2dLayer = (size: number, options: PoolingLayerOptions = {}): Layer<typeof nothing> =>
  pooling("maxPool2d", 2, maxPool2d, size, options);

/** The mean of each window of `size` entries along a series: [channels, length] → [channels, windows]. */
export const avgPool1dLayer = (size: number, options: PoolingLayerOptions = {}): Layer<typeof nothing> =>
  pooling("avgPool1d", 1, avgPool1d, size, options);

/** The mean of each window of `size` × `size`: [channels, height, width] → [channels, …windows]. */
export const avgPool2dLayer = (size: number, options: PoolingLayerOptions = {}): Layer<typeof nothing> =>
  pooling("avgPool2d", 2, avgPool2d, size, options);

function pooling(
  name: string,
  rank: number,
  pool: (x: Tensor, size: number, options: Required<PoolingLayerOptions>) => Tensor,
  size: number,
  options: PoolingLayerOptions,
): Layer<typeof nothing> {
  const { stride = size, padding = "valid" } = options;
  requireCount(name, "the size", size);
  requireCount(name, "the stride", stride);
  requirePadding(name, padding);
  return plainLayer(
    name,
    describeLayer(name, { size, ...options }),
    (input) => {
      requireAxes(name, input, rank);
      return [input[0]!, ...windowed(name, input.slice(1), size, stride, padding)];
    },
    (x) => pool(x, size, { stride, padding }),
  );
}

/** The mean over all axes but the channels: [channels, …] → [channels]. */
export function globalAveragePool(): Layer<typeof nothing> {
  const name = "globalAveragePool";
  return plainLayer(
    name,
    describeLayer(name, {}),
    (input) => {
      if (input.length < 2) throw shapeError(name, "channels and at least one further axis", input);
      return [input[0]!];
    },
    (x) => mean(x, { axis: x.shape.map((_, k) => k).slice(2) }),
  );
}
