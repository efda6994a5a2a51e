import { groupRows } from "../data/cells.js";
import { quantile } from "../data/quantile.js";
import { createRandom } from "../data/random.js";
import type { Breather } from "../linear/run-control.js";

/** Gain = single-task error − multi-task error on the same test rows; positive where sharing helped. */
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
  readonly singleError: number;
  readonly multiError: number;
}

export interface Transfer {
  /** Tasks in the order of their first row. */
  readonly perTask: readonly TaskGain[];
  /** Over all rows, rows redrawn within tasks. */
  readonly overall: Gain;
  /** The confidence of the intervals. */
  readonly confidence: number;
}

export interface TransferOptions {
  /** .95 unless given. */
  readonly confidence?: number;
  /** 1,000 unless given. */
  readonly resamples?: number;
  readonly seed?: number;
}

/**
 * Which tasks multi-task learning helped and which it hurt, by squared errors and the percentile bootstrap over paired test rows
 * (Efron & Tibshirani, An Introduction to the Bootstrap, chapter 13).
 */
export function transfer(
  tasks: readonly string[],
  actual: ArrayLike<number>,
  single: ArrayLike<number>,
  multi: ArrayLike<number>,
  options: TransferOptions = {},
): Transfer {
  const squares = (predicted: ArrayLike<number>) =>
    Float64Array.from(predicted, (value, row) => (actual[row]! - value) ** 2);
  const steps = transferSteps(tasks, squares(single), squares(multi), options);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** `transfer` by the errors of both on each row, resting between tasks: with a million test rows it takes a while. */
export async function transferAtRest(breathe: Breather, ...of: Parameters<typeof transferSteps>): Promise<Transfer> {
  const steps = transferSteps(...of);
  const total = new Set(of[0]).size;
  for (let task = 0; ; task++) {
    const { done, value } = steps.next();
    if (done) return value;
    await breathe(task, total);
  }
}

/** Yields before each task. */
function* transferSteps(
  tasks: readonly string[],
  single: ArrayLike<number>,
  multi: ArrayLike<number>,
  { confidence = 0.95, resamples = 1000, seed = 0 }: TransferOptions = {},
): Generator<void, Transfer, void> {
  const random = createRandom(seed);
  const totals = new Float64Array(resamples);
  const means = new Float64Array(resamples);
  let total = 0;
  const perTask: TaskGain[] = [];
  for (const [task, rows] of groupRows(tasks)) {
    yield;
    const count = rows.length;
    let singleError = 0;
    let multiError = 0;
    const differences = Float64Array.from(rows, (row) => {
      singleError += single[row]! / count;
      multiError += multi[row]! / count;
      return single[row]! - multi[row]!;
    });
    for (let sample = 0; sample < resamples; sample++) {
      let sum = 0;
      for (let draw = 0; draw < count; draw++) sum += differences[Math.floor(random() * count)]!;
      means[sample] = sum / count;
      totals[sample] = totals[sample]! + sum / tasks.length;
    }
    const gain = singleError - multiError;
    total += (gain * count) / tasks.length;
    perTask.push({ task, rows: count, singleError, multiError, ...interval(gain, means, confidence, count) });
  }
  return { perTask, overall: interval(total, totals, confidence, tasks.length), confidence };
}

function interval(gain: number, samples: Float64Array, confidence: number, rows: number): Gain {
  const sorted = samples.slice().sort();
  const tail = (1 - confidence) / 2;
  const low = quantile(sorted, tail);
  const high = quantile(sorted, 1 - tail);
  const verdict = rows < 2 || (low <= 0 && high >= 0) ? "unclear" : gain > 0 ? "helped" : "hurt";
  return { gain, low, high, verdict };
}
