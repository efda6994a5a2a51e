import { add, mean, mul, ones, rsqrt, square, sub, type Tensor, zeros } from "@kinship/tensor";
import { describeLayer, type Layer, nothing, shapeError } from "./layer.js";

export interface LayerNormOptions {
  readonly name?: string;
  /** Added to the variance; 1e-5 unless given. */
  readonly epsilon?: number;
}

/** (x − mean) / √(variance + ε) · scale + shift over the last axis of each example (Ba, Kiros & Hinton, 2016). */
export function layerNorm(options: LayerNormOptions = {}): Layer<{ readonly scale: Tensor; readonly shift: Tensor }> {
  const { name = "layerNorm", epsilon = 1e-5 } = options;
  return {
    name,
    description: describeLayer("layerNorm", options),
    outputShape(input) {
      if (input.length === 0) throw shapeError(name, "at least one axis", input);
      return input;
    },
    initialise: (_, input, dtype) => ({
      parameters: { scale: ones([input.at(-1)!], dtype), shift: zeros([input.at(-1)!], dtype) },
      state: nothing,
    }),
    apply({ scale, shift }, x) {
      const centred = sub(x, mean(x, { axis: -1, keepDimensions: true }));
      const spread = mean(square(centred), { axis: -1, keepDimensions: true });
      return { output: add(mul(mul(centred, rsqrt(add(spread, epsilon))), scale), shift), state: nothing };
    },
  };
}
