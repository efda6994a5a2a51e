/** Gain = single-task MSE − multi-task MSE on the same test rows; positive where sharing helped. */
export interface Gain {
  readonly gain: number;
  /** A paired bootstrap interval over test rows. */
  readonly low: number;
  readonly high: number;
  /** "unclear" if the interval contains 0, or there are fewer than two rows. */
  readonly verdict: "helped" | "hurt" | "unclear";
}

export interface TaskGain extends Gain {
  readonly task: string;
  readonly rows: number;
  readonly singleMse: number;
  readonly multiMse: number;
}

export interface Transfer {
  readonly perTask: readonly TaskGain[];
  readonly overall: Gain;
  /** The confidence of the intervals, .95 unless asked. */
  readonly confidence: number;
}
