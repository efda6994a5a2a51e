import { cast, embedding as lookUp, mul, normal, type Tensor } from "@kinship/tensor";
import { describeLayer, type Layer, nothing, requireCount } from "./layer.js";

export interface EmbeddingOptions {
  readonly name?: string;
}

/**
 * Whole numbers from 0 to `entries` − 1 as rows of a table: […] → […, dimension]. Rows start normal with variance
 * 1 / dimension, so of length about 1.
 */
export function embeddingLayer(
  entries: number,
  dimension: number,
  options: EmbeddingOptions = {},
): Layer<{ readonly table: Tensor }> {
  const { name = "embedding" } = options;
  requireCount(name, "the number of entries", entries);
  requireCount(name, "the dimension", dimension);
  return {
    name,
    description: describeLayer("embedding", { entries, dimension, ...options }),
    outputShape: (input) => [...input, dimension],
    initialise: (key, _, dtype) => ({
      parameters: { table: mul(normal(key, [entries, dimension], { dtype }), 1 / Math.sqrt(dimension)) },
      state: nothing,
    }),
    apply: ({ table }, x) => ({ output: lookUp(table, cast(x, "int32")), state: nothing }),
  };
}
