import type { Measure } from "@kinship/mtl";

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
  readonly loss: string;
  /** What is measured on each row: "mean squared error", "MSE". */
  readonly error: { readonly name: string; readonly short: string };
  /** Single-task, pooled, multi-task. */
  readonly methods: readonly [MethodScore, MethodScore, MethodScore];
  /** The multi-task method, as it stands in a sentence, and what it supposes of the tasks. */
  readonly method: { readonly name: string; readonly title: string; readonly supposes: string };
  /** All that were compared, from the least error in cross-validation; null where there was nothing to compare. */
  readonly ranking: readonly RankedMethod[] | null;
  readonly failed: readonly { readonly title: string; readonly reason: string }[];
  readonly gains: GainSummary;
  readonly path: { readonly single: PathCurve; readonly multi: PathCurve };
  /** How large the weights of each feature are as λ grows; null for fewer than two λ. */
  readonly norms: NormPaths | null;
  readonly related: Relatedness;
  /** Groups of kin, two ways; null for too few or too many tasks. */
  readonly taskGroups: TaskGroups | null;
  readonly sparsity: Sparsity;
  readonly coefficients: readonly Coefficient[];
  /** How many coefficients there are in all; the report shows the largest. */
  readonly coefficientCount: number;
  readonly predictions: Predictions;
}

export interface RankedMethod {
  readonly title: string;
  readonly supposes: string;
  readonly kind: "baseline" | "chosen" | "other";
  /** "own 0.5": the options that were chosen with λ. */
  readonly variant: string;
  readonly validation: number;
  readonly standardError: number;
  /** On the test rows. */
  readonly error: number;
  readonly measures: readonly Measure[];
  /** Columns of x with a weight that is not 0 in some task. */
  readonly features: number;
  readonly seconds: number;
}

export interface NormPaths {
  readonly lambdas: readonly number[];
  /** Root mean square over tasks of a feature's standardised weights, one a λ. */
  readonly features: readonly { readonly name: string; readonly norms: readonly number[] }[];
  readonly lambda: number;
}

export interface TaskGroups {
  /** By spectral clustering of how alike the fits are. */
  readonly alike: readonly (readonly string[])[];
  /** The mean silhouette of these groups, −1 to 1. */
  readonly silhouette: number;
  /** By what a step for one task does to the others; null for many tasks. */
  readonly affine: readonly (readonly string[])[] | null;
}

/** Weights of standardised features, so that rows compare. */
export interface Sparsity {
  /** Names of the rows: columns of x, for each class where there are several. */
  readonly rows: readonly string[];
  readonly tasks: readonly string[];
  /** [rows, tasks] */
  readonly weights: ArrayLike<number>;
}

export type Predictions =
  | {
      readonly kind: "numbers";
      readonly actual: ArrayLike<number>;
      readonly single: ArrayLike<number>;
      readonly multi: ArrayLike<number>;
    }
  | { readonly kind: "probabilities"; readonly of: string; readonly single: Reliability; readonly multi: Reliability };

export interface Reliability {
  readonly bins: readonly { readonly confidence: number; readonly frequency: number; readonly rows: number }[];
  readonly error: number;
}

export type MethodKey = "single" | "pooled" | "multi";

export interface MethodScore {
  readonly key: MethodKey;
  readonly error: number;
  readonly measures: readonly Measure[];
  readonly seconds: number;
}

export type Verdict = "helped" | "hurt" | "unclear";

export interface Gain {
  /** Single-task error − multi-task error, with an interval. */
  readonly gain: number;
  readonly low: number;
  readonly high: number;
  readonly verdict: Verdict;
}

export interface TaskGain extends Gain {
  readonly task: string;
  readonly group: string | null;
  readonly testRows: number;
  readonly singleError: number;
  readonly multiError: number;
}

export interface GainSummary {
  readonly perTask: readonly TaskGain[];
  readonly overall: Gain;
  readonly confidence: number;
}

export interface PathPoint {
  readonly lambda: number;
  readonly lambdaIntercept: number;
  readonly variant: string;
  readonly error: number;
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
  /** −K_ij / √(K_ii K_jj), [T, T] row-major: how strongly K ties two tasks, given all others; null without a K. */
  readonly assumed: ArrayLike<number> | null;
  /** Whether K was learned with the weights. */
  readonly learned: boolean;
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
