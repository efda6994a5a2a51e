/** Rows whose probability fell into one interval. */
export interface ReliabilityBin {
  readonly from: number;
  readonly to: number;
  readonly rows: number;
  /** The mean probability; NaN without rows. */
  readonly confidence: number;
  /** The share of rows where it happened; NaN without rows. */
  readonly frequency: number;
}

export interface Calibration {
  readonly bins: readonly ReliabilityBin[];
  /** Σ rows/all · |frequency − confidence| (Guo et al., On calibration of modern neural networks, 2017, equation 3). */
  readonly error: number;
}

/** How often what was said to happen with probability p did happen; `happened` is 0 or 1, NaN where unknown. */
export function calibration(
  probabilities: ArrayLike<number>,
  happened: ArrayLike<number>,
  { bins: count = 10 }: { readonly bins?: number } = {},
): Calibration {
  const sums = Array.from({ length: count }, () => ({ rows: 0, probability: 0, happened: 0 }));
  let total = 0;
  for (let k = 0; k < happened.length; k++) {
    if (Number.isNaN(happened[k])) continue;
    const bin = sums[Math.min(count - 1, Math.floor(probabilities[k]! * count))]!;
    bin.rows++;
    bin.probability += probabilities[k]!;
    bin.happened += happened[k]!;
    total++;
  }
  const bins = sums.map(({ rows, probability, happened }, k) => ({
    from: k / count,
    to: (k + 1) / count,
    rows,
    confidence: probability / rows,
    frequency: happened / rows,
  }));
  const error = sums.reduce((sum, { probability, happened }) => sum + Math.abs(happened - probability), 0);
  return { bins, error: error / total };
}
