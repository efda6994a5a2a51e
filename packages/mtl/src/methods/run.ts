import { foldsWithinTasks } from "../data/folds.js";
import type { Pipeline } from "../data/pipeline.js";
import type { PreparedRows } from "../data/prepare.js";
import type { Task } from "../data/tasks.js";
import type { Judgement } from "../evaluate/judge.js";
import type { Validation } from "../evaluate/validation.js";
import type { LinearModel } from "../linear/model.js";
import type { RunControl } from "../linear/run-control.js";
import type { Loss } from "../losses/loss.js";
import type { CrossValidator } from "./cross-validation.js";
import type { MethodName, MethodSettings } from "./table.js";

/** What all methods of a comparison are fitted on and judged by. */
export interface MethodRun {
  readonly tasks: readonly Task[];
  readonly loss: Loss;
  /** Scores are counted from here; null where the pipeline took the mean off. */
  readonly base: readonly number[] | null;
  /** λ_b of intercepts that tend to the base; null where they are free. */
  readonly lambdaIntercept: number | null;
  /** The fold of each row of each task, −1 for one that always trains. */
  readonly foldOf: readonly Int32Array[];
  readonly folds: number;
  readonly repeats: number;
  /** Whether the only row of a task always trains: else a task may have to be predicted by its kin alone. */
  readonly keepSingles: boolean;
  readonly seed: number;
  readonly pipeline: Pipeline;
  readonly test: PreparedRows;
  readonly actual: Float64Array;
  readonly settings: MethodSettings;
  readonly crossValidate: CrossValidator;
  readonly control: RunControl;
}

/** One way to fit, with all that led to it. */
export interface FittedModel {
  readonly method: MethodName;
  readonly model: LinearModel;
  readonly validation: Validation;
  /** Of the test rows, in the order of `Comparison.rows`: see `predictRows`. */
  readonly predicted: Float64Array;
  readonly judgement: Judgement;
  /** Cross-validation and fit. */
  readonly milliseconds: number;
  /** The same fit with another λ, to a few digits: for pictures of the path. */
  readonly refit: (lambda: number) => Promise<LinearModel>;
}

/** A task's only row always trains. */
export function foldsOfTasks(sizes: readonly number[], folds: number, seed: number): Int32Array[] {
  return foldsWithinTasks(sizes, folds, seed).map((of) => (of.length < 2 ? of.fill(-1) : of));
}
