export interface ErrorMeasures {
  readonly rows: number;
  readonly mse: number;
  readonly rmse: number;
  /** MSE over the variance of the actual values (NaN if they do not vary). */
  readonly nmse: number;
}

export interface TaskErrors extends ErrorMeasures {
  readonly task: string;
}

export interface Evaluation {
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
