import type { Standardisation } from "./pipeline.js";

/**
 * Mean and standard deviation (population), in two passes, safe from overflow and underflow.
 * A constant has scale 1, so that it becomes 0 and not a quotient of rounding errors.
 */
export function standardisationOf(values: ArrayLike<number>): Standardisation {
  const count = values.length;
  let sum = 0;
  let mean = 0;
  for (let i = 0; i < count; i++) {
    sum += values[i]!;
    mean += values[i]! / count;
  }
  if (Number.isFinite(sum)) mean = sum / count;
  let largest = 0;
  for (let i = 0; i < count; i++) largest = Math.max(largest, Math.abs(values[i]! - mean));
  if (largest <= 1e-12 * Math.abs(mean)) return { mean, scale: 1 };
  let squares = 0;
  for (let i = 0; i < count; i++) {
    const ratio = (values[i]! - mean) / largest;
    squares += (ratio * ratio) / count;
  }
  const scale = largest * Math.sqrt(squares);
  return { mean, scale: scale > 0 ? scale : 1 };
}
