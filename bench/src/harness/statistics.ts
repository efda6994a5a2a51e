/** The q-quantile of sorted values, linear between neighbours (type 7 of Hyndman & Fan, 1996). */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  if (sorted.length === 0) throw new Error("quantile: no samples");
  const position = q * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low + (high - low) * (position - below);
}

export interface Summary {
  readonly median: number;
  readonly lowerQuartile: number;
  readonly upperQuartile: number;
  readonly samples: number;
}

/** Quartiles rather than a standard deviation: timings have a long tail on one side. */
export function summarize(samples: ArrayLike<number>): Summary {
  const sorted = Float64Array.from(samples).sort();
  return {
    median: quantile(sorted, 0.5),
    lowerQuartile: quantile(sorted, 0.25),
    upperQuartile: quantile(sorted, 0.75),
    samples: sorted.length,
  };
}

/** Half the distance between the quartiles, as a share of the median. */
export const spread = ({ median, lowerQuartile, upperQuartile }: Summary): number =>
  median === 0 ? 0 : (upperQuartile - lowerQuartile) / 2 / median;
