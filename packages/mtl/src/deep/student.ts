/** Simpson's rule on cosⁿ from 0 to `end`. */
function cosineIntegral(power: number, end: number): number {
  const parts = 2000;
  const step = end / parts;
  let total = 0;
  for (let k = 0; k <= parts; k++)
    total += (k === 0 || k === parts ? 1 : k % 2 === 1 ? 4 : 2) * Math.cos(k * step) ** power;
  return (total * step) / 3;
}

/**
 * t with P(|T| < t) = `confidence` for Student's T. With t = √ν tan θ its density is proportional to cos^(ν−1) θ.
 */
export function studentQuantile(confidence: number, degreesOfFreedom: number): number {
  const all = cosineIntegral(degreesOfFreedom - 1, Math.PI / 2);
  let [low, high] = [0, Math.PI / 2];
  for (let round = 0; round < 60; round++) {
    const middle = (low + high) / 2;
    if (cosineIntegral(degreesOfFreedom - 1, middle) < confidence * all) low = middle;
    else high = middle;
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
