/** Parts of a quarter turn for Simpson's rule: six digits of the quantile and more. */
const fineness = 2000;

/** Simpson's rule on cosⁿ over [from, from + width]. */
function cosineIntegral(power: number, from: number, width: number): number {
  // Even, in parts about as wide whatever the interval.
  const parts = 2 * Math.max(8, Math.ceil((fineness * width) / Math.PI));
  const step = width / parts;
  let total = 0;
  for (let k = 0; k <= parts; k++)
    total += (k === 0 || k === parts ? 1 : k % 2 === 1 ? 4 : 2) * Math.cos(from + k * step) ** power;
  return (total * step) / 3;
}

/**
 * t with P(|T| < t) = `confidence` for Student's T. With t = √ν tan θ its density is proportional to cos^(ν−1) θ. Found by
 * bisection, where each round integrates over its own half only: halves of halves cost no more than the whole.
 */
export function studentQuantile(confidence: number, degreesOfFreedom: number): number {
  const power = degreesOfFreedom - 1;
  let missing = confidence * cosineIntegral(power, 0, Math.PI / 2);
  let low = 0;
  for (let width = Math.PI / 4; width > 1e-17; width /= 2) {
    const half = cosineIntegral(power, low, width);
    if (half >= missing) continue;
    missing -= half;
    low += width;
  }
  return Math.sqrt(degreesOfFreedom) * Math.tan(low);
}

export interface Interval {
  readonly mean: number;
  /** NaN where one sample says nothing about spread. */
  readonly low: number;
  readonly high: number;
}

/** The mean of samples with Student's interval. */
export function meanInterval(samples: readonly number[], confidence: number): Interval {
  const count = samples.length;
  const mean = samples.reduce((a, b) => a + b, 0) / count;
  const variance = samples.reduce((total, value) => total + (value - mean) ** 2, 0) / (count - 1);
  const half = count < 2 ? Number.NaN : studentQuantile(confidence, count - 1) * Math.sqrt(variance / count);
  return { mean, low: mean - half, high: mean + half };
}
