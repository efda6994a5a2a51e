import type { Schema } from "../data/pipeline.js";
import type { Split } from "../data/split.js";
import type { Table } from "../data/table.js";
import type { CrossValidation, RunControl } from "../linear/cross-validate.js";
import type { InterceptMode, LinearModel } from "../linear/model.js";
import type { KinshipBuilder } from "../relations/kinship.js";
import type { Evaluation } from "./metrics.js";
import type { Transfer } from "./transfer.js";

export interface CompareOptions extends RunControl {
  readonly table: Table;
  readonly schema: Schema;
  readonly split: Split;
  readonly kinship: KinshipBuilder;
  readonly intercept?: InterceptMode;
  readonly folds?: number;
  readonly seed?: number;
}

/** One way to fit, with all that led to it. */
export interface FittedModel {
  readonly model: LinearModel;
  readonly validation: CrossValidation;
  /** Of the test rows, in the order of `Comparison.rows`. */
  readonly predicted: Float64Array;
  readonly evaluation: Evaluation;
  readonly milliseconds: number;
}

/** The multi-task fit beside what it has to beat, on the same rows with λ chosen in the same way. */
export interface Comparison {
  readonly single: FittedModel;
  readonly pooled: FittedModel;
  readonly multi: FittedModel;
  /** The test rows, as indices into the table. */
  readonly rows: Int32Array;
  /** The task of each test row. */
  readonly tasks: readonly string[];
  readonly actual: Float64Array;
  readonly transfer: Transfer;
  readonly relatedness: {
    /** K over the tasks, [T, T] row-major, in the model's order of tasks. */
    readonly matrix: Float64Array;
    /** Correlation of the tasks' fitted weights, [T, T] row-major, in the model's order of tasks. */
    readonly correlation: Float64Array;
    /** An order of the tasks in which kin stand side by side. */
    readonly order: Int32Array;
  };
}
