import { add, mean, mul, ones, rsqrt, square, stopGradient, sub, type Tensor, zeros } from "@kinship/tensor";
import { alongChannels, describeLayer, type Layer, shapeError } from "./layer.js";

export interface BatchNormOptions {
  readonly name?: string;
  /** Added to the variance; 1e-5 unless given. */
  readonly epsilon?: number;
  /** How much of each batch goes into the running statistics; .1 unless given. */
  readonly momentum?: number;
}

interface Statistics {
  readonly mean: Tensor;
  readonly variance: Tensor;
}

/**
 * Each channel with mean 0 and variance 1 over the batch and all other axes, then scaled and shifted
 * (Ioffe & Szegedy, 2015, algorithm 1). Outside training, by running statistics, which are the layer's state; the
 * running variance is the unbiased one (their algorithm 2, step 10).
 */
export function batchNorm(options: BatchNormOptions = {}): Layer<{ readonly scale: Tensor; readonly shift: Tensor }> {
  const { name = "batchNorm", epsilon = 1e-5, momentum = 0.1 } = options;
  return {
    name,
    description: describeLayer("batchNorm", options),
    outputShape(input) {
      if (input.length === 0) throw shapeError(name, "at least one axis", input);
      return input;
    },
    initialise(_, input, dtype) {
      const channels = [input[0]!];
      return {
        parameters: { scale: ones(channels, dtype), shift: zeros(channels, dtype) },
        state: { mean: zeros(channels, dtype), variance: ones(channels, dtype) },
      };
    },
    apply({ scale, shift }, x, { training, state }) {
      const running = state as unknown as Statistics;
      const wide = (values: Tensor): Tensor => alongChannels(values, x.shape.slice(1));
      const normalise = (centred: Tensor, variance: Tensor): Tensor =>
        add(mul(mul(centred, wide(rsqrt(add(variance, epsilon)))), wide(scale)), wide(shift));
      if (!training) return { output: normalise(sub(x, wide(running.mean)), running.variance), state };
      const axis = x.shape.map((_, k) => k).filter((k) => k !== 1);
      const average = mean(x, { axis });
      const centred = sub(x, wide(average));
      const variance = mean(square(centred), { axis });
      const count = x.size / x.shape[1]!;
      const blend = (old: Tensor, found: Tensor): Tensor =>
        add(mul(old, 1 - momentum), mul(stopGradient(found), momentum));
      return {
        output: normalise(centred, variance),
        state: {
          mean: blend(running.mean, average),
          variance: blend(running.variance, mul(variance, count / Math.max(count - 1, 1))),
        },
      };
    },
  };
}
