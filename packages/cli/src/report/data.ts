/** Everything the report shows, as plain data: the renderer measures and decides nothing but the wording. */
export interface ReportData {
  /** The file the rows came from, without its folder. */
  readonly source: string;
  /** The command that makes the same report again. */
  readonly command: string;
  readonly version: string;
  /** Column names: of the task and of the target. */
  readonly task: string;
  readonly target: string;
  readonly features: readonly string[];
  readonly rows: { readonly train: number; readonly test: number };
  readonly testFraction: number;
  readonly seed: number;
  readonly folds: number;
  /** How the tasks are tied, as a clause: "every school is drawn to the average of all schools". */
  readonly kinship: string;
  /** Single-task, pooled, multi-task. */
  readonly methods: readonly [MethodScore, MethodScore, MethodScore];
  readonly gains: GainSummary;
  readonly path: { readonly single: PathCurve; readonly multi: PathCurve };
  readonly related: Relatedness;
  readonly coefficients: readonly Coefficient[];
  /** How many coefficients there are in all; the report shows the largest. */
  readonly coefficientCount: number;
  readonly predictions: {
    readonly actual: ArrayLike<number>;
    readonly single: ArrayLike<number>;
    readonly multi: ArrayLike<number>;
  };
}

export type MethodKey = "single" | "pooled" | "multi";

export interface MethodScore {
  readonly key: MethodKey;
  readonly mse: number;
  /** 1 − SSE / Σ_t SST_t. */
  readonly explainedWithin: number;
  /** 1 − SSE / SST. */
  readonly explainedGlobal: number;
  readonly seconds: number;
}

export type Verdict = "helped" | "hurt" | "unclear";

export interface Gain {
  /** Single-task MSE − multi-task MSE, with an interval. */
  readonly gain: number;
  readonly low: number;
  readonly high: number;
  readonly verdict: Verdict;
}

export interface TaskGain extends Gain {
  readonly task: string;
  readonly group: string | null;
  readonly testRows: number;
  readonly singleMse: number;
  readonly multiMse: number;
}

export interface GainSummary {
  readonly perTask: readonly TaskGain[];
  readonly overall: Gain;
  readonly confidence: number;
}

export interface PathPoint {
  readonly lambda: number;
  readonly lambdaIntercept: number;
  readonly mse: number;
  readonly standardError: number;
}

export interface PathCurve {
  readonly points: readonly PathPoint[];
  readonly lambda: number;
  readonly lambdaIntercept: number;
}

export interface Relatedness {
  /** In the order of rows and columns of both matrices. */
  readonly names: readonly string[];
  /** The parent of each, where there is one. */
  readonly groups: readonly (string | null)[];
  /** −K_ij / √(K_ii K_jj), [T, T] row-major: how strongly K ties two tasks, given all others. */
  readonly assumed: ArrayLike<number>;
  /** Correlation of the fitted weights, [T, T] row-major. */
  readonly found: ArrayLike<number>;
}

/** One column of x, or the intercept, in the units of the data. */
export interface Coefficient {
  readonly name: string;
  /** One a task. */
  readonly single: ArrayLike<number>;
  readonly multi: ArrayLike<number>;
  readonly pooled: number;
}
