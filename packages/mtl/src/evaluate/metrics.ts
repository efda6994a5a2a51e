import { groupRows } from "../data/cells.js";
import { InputError } from "../errors.js";

export interface ErrorMeasures {
  readonly rows: number;
  readonly mse: number;
  readonly rmse: number;
  /** MSE over the variance of the actual values; NaN if they do not vary. */
  readonly nmse: number;
}

export interface TaskErrors extends ErrorMeasures {
  readonly task: string;
}

export interface Evaluation {
  /** Tasks in the order of their first row. */
  readonly perTask: readonly TaskErrors[];
  readonly overall: ErrorMeasures & {
    /** 1 − SSE / Σ_t SST_t: what is explained beyond each task's own mean. */
    readonly explainedVarianceWithin: number;
    /** 1 − SSE / SST: what is explained beyond the mean of all rows. */
    readonly explainedVarianceGlobal: number;
    /** The mean of the tasks' MSEs, each task counted once. */
    readonly meanTaskMse: number;
  };
}

/** Errors of predictions, for each task and over all rows. */
export function evaluate(
  tasks: readonly string[],
  actual: ArrayLike<number>,
  predicted: ArrayLike<number>,
): Evaluation {
  if (tasks.length !== actual.length || actual.length !== predicted.length) {
    throw new InputError(
      `evaluate: ${tasks.length} tasks, ${actual.length} actual and ${predicted.length} predicted values; give one a row`,
    );
  }
  if (tasks.length === 0) throw new InputError("evaluate: there is no row to test on");
  let within = 0;
  const perTask = [...groupRows(tasks)].map(([task, rows]) => {
    const { sst, ...measures } = measure(rows, actual, predicted);
    within += sst;
    return { task, ...measures };
  });
  const everything = measure(
    tasks.map((_, row) => row),
    actual,
    predicted,
  );
  const { sst, ...overall } = everything;
  const sse = overall.mse * overall.rows;
  return {
    perTask,
    overall: {
      ...overall,
      explainedVarianceWithin: within > 0 ? 1 - sse / within : Number.NaN,
      explainedVarianceGlobal: sst > 0 ? 1 - sse / sst : Number.NaN,
      meanTaskMse: perTask.reduce((total, { mse }) => total + mse / perTask.length, 0),
    },
  };
}

function measure(
  rows: readonly number[],
  actual: ArrayLike<number>,
  predicted: ArrayLike<number>,
): ErrorMeasures & { readonly sst: number } {
  const count = rows.length;
  let mean = 0;
  for (const row of rows) mean += actual[row]! / count;
  let sst = 0;
  let mse = 0;
  for (const row of rows) {
    sst += (actual[row]! - mean) ** 2;
    mse += (actual[row]! - predicted[row]!) ** 2 / count;
  }
  return { rows: count, mse, rmse: Math.sqrt(mse), nmse: sst > 0 ? (mse * count) / sst : Number.NaN, sst };
}
