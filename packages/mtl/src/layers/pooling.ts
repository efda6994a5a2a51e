import { avgPool2d, maxPool2d, mean, type Tensor } from "@kinship/tensor";
import { describeLayer, type Layer, type nothing, plainLayer, requireCount, shapeError } from "./layer.js";
import { windowed } from "./windowed.js";

export interface PoolingLayerOptions {
  /** The size unless given, so that windows do not overlap. */
  readonly stride?: number;
  /** `valid`, which leaves out what does not fill a window, unless given. */
  readonly padding?: "valid" | "same";
}

/** The largest entry of each window of `size` × `size`: [channels, height, width] → [channels, …windows]. */
export const maxPool2dLayer = (size: number, options: PoolingLayerOptions = {}): Layer<typeof nothing> =>
  pooling("maxPool2d", maxPool2d, size, options);

/** The mean of each window of `size` × `size`: [channels, height, width] → [channels, …windows]. */
export const avgPool2dLayer = (size: number, options: PoolingLayerOptions = {}): Layer<typeof nothing> =>
  pooling("avgPool2d", avgPool2d, size, options);

function pooling(
  name: string,
  pool: (x: Tensor, size: number, options: Required<PoolingLayerOptions>) => Tensor,
  size: number,
  options: PoolingLayerOptions,
): Layer<typeof nothing> {
  const { stride = size, padding = "valid" } = options;
  requireCount(name, "the size", size);
  requireCount(name, "the stride", stride);
  return plainLayer(
    name,
    describeLayer(name, { size, ...options }),
    (input) => {
      if (input.length !== 3) throw shapeError(name, "[channels, height, width]", input);
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
