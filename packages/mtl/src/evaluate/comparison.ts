import { numberOf } from "../data/cells.js";
import { fitPipeline, type Pipeline, type Schema } from "../data/pipeline.js";
import { applyPipeline, type PreparedRows, tasksFromRows } from "../data/prepare.js";
import type { Split } from "../data/split.js";
import { columnNamed, type Table } from "../data/table.js";
import { InputError } from "../errors.js";
import type { CrossValidation } from "../linear/cross-validate.js";
import { designOf } from "../linear/design.js";
import { fitGrams } from "../linear/fit.js";
import { defaultFolds, defaultRepeats, drawFolds, type Fold, foldProblem } from "../linear/folds.js";
import { type Grams, gramsByFold, poolGrams } from "../linear/grams.js";
import type { InterceptMode, LinearModel } from "../linear/model.js";
import { predictRows } from "../linear/predict.js";
import { breather, type RunControl } from "../linear/run-control.js";
import { penaltyScale, searchPenalties } from "../linear/search.js";
import { identityKinship } from "../relations/identity.js";
import type { Kinship, KinshipBuilder } from "../relations/kinship.js";
import { searchLearned } from "../relations/learned/cross-validate.js";
import { fitLearnedGrams } from "../relations/learned/fit.js";
import { pooledKinship } from "../relations/pooled.js";
import { type Evaluation, evaluate } from "./metrics.js";
import { type Relatedness, relatedness } from "./relatedness.js";
import { type Transfer, transferAtRest } from "./transfer.js";

export interface CompareOptions extends RunControl {
  readonly table: Table;
  readonly schema: Schema;
  readonly split: Split;
  readonly kinship: KinshipBuilder;
  /** Whether relations are learned with the multi-task model, `kinship` their prior (`fitLearned`); false unless given. */
  readonly learned?: boolean;
  /** Of the multi-task model; "coupled" unless given. The baselines' intercepts are free. */
  readonly intercept?: Exclude<InterceptMode, "none">;
  /** 5, or 3 from 10,000 training rows on, unless given. */
  readonly folds?: number;
  /** How often the folds are drawn anew; from 1 for 10,000 training rows to 5 for 2,000 and fewer, unless given. */
  readonly repeats?: number;
  /** Of the folds and the bootstrap; 0 unless given. */
  readonly seed?: number;
}

/** One way to fit, with all that led to it. */
export interface FittedModel {
  readonly model: LinearModel;
  readonly validation: CrossValidation;
  /** Of the test rows, in the order of `Comparison.rows`. */
  readonly predicted: Float64Array;
  readonly evaluation: Evaluation;
  /** Cross-validation and fit. */
  readonly milliseconds: number;
}

/** The multi-task fit beside what it has to beat, on the same rows with λ chosen in the same way. */
export interface Comparison {
  readonly single: FittedModel;
  readonly pooled: FittedModel;
  readonly multi: FittedModel;
  /** The test rows, as indices into the table; the training rows if none were held out. */
  readonly rows: Int32Array;
  /** The task of each test row. */
  readonly tasks: readonly string[];
  readonly actual: Float64Array;
  readonly transfer: Transfer;
  readonly relatedness: Relatedness;
}

/**
 * Fits single-task ridge, pooled ridge and the K-norm on the training rows, each with its penalties chosen by the
 * same cross-validation within them, and judges all three on the test rows.
 * @throws InputError for bad data, and for a task with test rows but no training row.
 */
export async function compareModels(options: CompareOptions): Promise<Comparison> {
  const { table, schema, split, kinship, intercept = "coupled", seed = 0 } = options;
  const pipeline = fitPipeline(table, schema, split.train);
  const train = applyPipeline(pipeline, table, split.train);
  const rows = split.test.length > 0 ? split.test : split.train;
  const test = applyPipeline(pipeline, table, rows);
  requireTrained(train, test);
  const design = designOf(tasksFromRows(train), "compareModels");
  const folds = drawFolds(
    design,
    true,
    options.folds ?? defaultFolds(design),
    options.repeats ?? defaultRepeats(design),
    seed,
  );
  const [total] = gramsByFold(design, true, 1, []);
  const names = design.names;
  const target = columnNamed(table, schema.target, "compareModels");
  const actual = Float64Array.from(rows, (row) => numberOf(target.values[row]));
  const run = { folds, total: total!, pipeline, test, actual, options };
  const same = (grams: Grams) => grams;
  const single = await fitOne(run, "single-task", identityKinship()(names), "free", same, (task) => task);
  const pooled = await fitOne(run, "pooled", pooledKinship()(names), "free", poolGrams, () => 0);
  const multi = options.learned
    ? await learnOne(run, kinship(names), intercept)
    : await fitOne(run, "k-norm", kinship(names), intercept, same, (task) => task);
  const breathe = breather("which tasks were helped", options);
  let related: Relatedness | undefined;
  return {
    single,
    pooled,
    multi,
    rows,
    tasks: test.tasks,
    actual,
    transfer: await transferAtRest(breathe, test.tasks, actual, single.predicted, multi.predicted, { seed }),
    // Matrices of all pairs of tasks: not before they are asked for.
    get relatedness() {
      related ??= relatedness(multi.model);
      return related;
    },
  };
}

function requireTrained(train: PreparedRows, test: PreparedRows): void {
  const trained = new Set(train.tasks);
  const untrained = test.tasks.find((task) => !trained.has(task));
  if (untrained === undefined) return;
  throw new InputError(
    `compareModels: task "${untrained}" has no training row; train on some of its rows, or predict it as an unseen task`,
  );
}

interface Run {
  readonly folds: readonly Fold[];
  readonly total: Grams;
  readonly pipeline: Pipeline;
  readonly test: PreparedRows;
  readonly actual: Float64Array;
  readonly options: CompareOptions;
}

async function learnOne(
  { folds, total, pipeline, test, actual, options }: Run,
  kinship: Kinship,
  intercept: InterceptMode,
): Promise<FittedModel> {
  const started = performance.now();
  const features = pipeline.names;
  const search = { folds, total, kinship, intercept, slopes: features.length };
  const validation = await searchLearned(search, {}, breather("cross-validation, learned", options));
  const { lambda, lambdaIntercept } = validation;
  const fit = { grams: total, kinship, features, intercept, lambda, lambdaIntercept, pipeline };
  const { model } = await fitLearnedGrams(fit, { ...control(options), tolerance: 1e-4 });
  const milliseconds = performance.now() - started;
  const predicted = predictRows(model, test);
  return { model, validation, predicted, evaluation: evaluate(test.tasks, actual, predicted), milliseconds };
}

const control = ({ onProgress, signal }: RunControl): RunControl => ({
  ...(onProgress && { onProgress }),
  ...(signal && { signal }),
});

async function fitOne(
  { folds, total, pipeline, test, actual, options }: Run,
  method: LinearModel["method"],
  kinship: Kinship,
  intercept: InterceptMode,
  transform: (grams: Grams) => Grams,
  nodeOf: (task: number) => number,
): Promise<FittedModel> {
  const started = performance.now();
  const grams = transform(total);
  const scale = penaltyScale(grams, pipeline.names.length);
  const problems = folds.map((fold) => foldProblem(fold, kinship.precision, transform, nodeOf));
  const breathe = breather(`cross-validation, ${method}`, options);
  const validation = await searchPenalties(problems, { scale, intercept }, breathe);
  const { lambda, lambdaIntercept } = validation;
  const features = pipeline.names;
  const model = fitGrams({ method, grams, kinship, features, intercept, lambda, lambdaIntercept, pipeline });
  const milliseconds = performance.now() - started;
  const predicted = predictRows(model, test);
  return { model, validation, predicted, evaluation: evaluate(test.tasks, actual, predicted), milliseconds };
}
