import type { Task } from "../data/tasks.js";
import type { KinshipBuilder } from "../relations/kinship.js";
import type { InterceptMode } from "./model.js";

/** One pair of penalties and the error it had on rows held out. */
export interface PathPoint {
  readonly lambda: number;
  readonly lambdaIntercept: number;
  /** MSE over all held-out rows. */
  readonly mse: number;
  /** Standard error of the folds' MSEs. */
  readonly standardError: number;
}

export interface CrossValidation {
  readonly lambda: number;
  readonly lambdaIntercept: number;
  readonly mse: number;
  /** Every pair that was tried, by λ, then by the intercepts' λ. */
  readonly path: readonly PathPoint[];
  readonly folds: number;
}

export interface Progress {
  /** What runs now, for people: "cross-validation, multi-task". */
  readonly stage: string;
  readonly done: number;
  readonly total: number;
}

export interface RunControl {
  readonly onProgress?: (progress: Progress) => void;
  /** Aborting rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface CrossValidateOptions extends RunControl {
  readonly tasks: readonly Task[];
  readonly kinship: KinshipBuilder;
  readonly intercept?: InterceptMode;
  /** Folds are drawn within tasks; 5 unless given. */
  readonly folds?: number;
  readonly seed?: number;
  /** Values to try; found from the data unless given. */
  readonly lambdas?: readonly number[];
  readonly lambdaIntercepts?: readonly number[];
}
