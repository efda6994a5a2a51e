/** Over entries whose actual value is known; NaN is missing. */
function meanOver(actual: ArrayLike<number>, value: (k: number) => number): number {
  let total = 0;
  let count = 0;
  for (let k = 0; k < actual.length; k++) {
    if (Number.isNaN(actual[k])) continue;
    total += value(k);
    count++;
  }
  return count === 0 ? Number.NaN : total / count;
}

export const meanSquaredError = (predicted: ArrayLike<number>, actual: ArrayLike<number>): number =>
  meanOver(actual, (k) => (predicted[k]! - actual[k]!) ** 2);

export const meanAbsoluteError = (predicted: ArrayLike<number>, actual: ArrayLike<number>): number =>
  meanOver(actual, (k) => Math.abs(predicted[k]! - actual[k]!));

/** 1 − Σ(y − ŷ)² / Σ(y − ȳ)²; NaN where the actual values do not vary. */
export function rSquared(predicted: ArrayLike<number>, actual: ArrayLike<number>): number {
  const mean = meanOver(actual, (k) => actual[k]!);
  const variance = meanOver(actual, (k) => (actual[k]! - mean) ** 2);
  return variance > 0 ? 1 - meanSquaredError(predicted, actual) / variance : Number.NaN;
}
