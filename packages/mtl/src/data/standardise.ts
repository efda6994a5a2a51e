import { quantile } from "./quantile.js";

/** x = (value − mean) / scale. */
export interface Standardisation {
  readonly mean: number;
  readonly scale: number;
}

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

/** Half of normal values lie within this many standard deviations of their median. */
const normalQuartiles = 1.3489795003921634;

/**
 * Median and interquartile range over 1.349, which is the standard deviation of normal values: a few wild values move
 * neither. Where half the values or more are alike, the standard deviation takes the range's place.
 */
export function robustScaleOf(values: ArrayLike<number>): Standardisation {
  const sorted = Float64Array.from(values).sort();
  const range = quantile(sorted, 0.75) / normalQuartiles - quantile(sorted, 0.25) / normalQuartiles;
  const { scale } = standardisationOf(values);
  const mean = quantile(sorted, 0.5);
  return { mean, scale: range > 1e-12 * Math.abs(mean) ? range : scale };
}
