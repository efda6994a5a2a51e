import { place, taskLabels } from "../data/cells.js";
import { fitPipeline, type Pipeline, readTarget, type Schema } from "../data/pipeline.js";
import { applyPipeline, type PreparedRows, tasksFromRows } from "../data/prepare.js";
import type { Split } from "../data/split.js";
import { columnNamed, type Table } from "../data/table.js";
import type { Task } from "../data/tasks.js";
import { InputError } from "../errors.js";
import { defaultFolds } from "../linear/folds.js";
import type { InterceptMode } from "../linear/model.js";
import { predictRows } from "../linear/predict.js";
import { breather, type RunControl } from "../linear/run-control.js";
import { baseScores } from "../losses/based.js";
import type { Loss } from "../losses/loss.js";
import { describeLoss, lossOf } from "../losses/saved.js";
import { squared } from "../losses/squared.js";
import { type CrossValidator, crossValidateDescribed } from "../methods/cross-validation.js";
import { fitByGrams, fitRelations, type GramFits, gramFits } from "../methods/gram-fits.js";
import { methodOf } from "../methods/method-of.js";
import { chooseInterceptPenalty, fitPenalized } from "../methods/penalized-fits.js";
import { type FittedModel, foldsOfTasks, type MethodRun } from "../methods/run.js";
import type { MethodName, MethodSettings } from "../methods/table.js";
import { judge } from "./judge.js";
import { type Relatedness, relatedness } from "./relatedness.js";
import { type Transfer, transferAtRest } from "./transfer.js";

export interface CompareOptions extends RunControl, MethodSettings {
  readonly table: Table;
  readonly schema: Schema;
  readonly split: Split;
  /** `squared()` unless given; one of this library's. */
  readonly loss?: Loss;
  /** What is fitted beside the two baselines; `["k-norm"]` unless given. See `linearMethods`, `methodOf`, `suitableMethods`. */
  readonly methods?: readonly MethodName[];
  /** Of the K-norm and learned relations under squared errors; "coupled" unless given. */
  readonly intercept?: Exclude<InterceptMode, "none">;
  /** 5, or 3 from 10,000 training rows on, unless given. */
  readonly folds?: number;
  /**
   * How often the folds are drawn anew; where all methods are of Gram matrices (K-norm, learned, squared errors) from 1 for
   * 10,000 training rows to 5 for 2,000 and fewer, unless given; else always 1.
   */
  readonly repeats?: number;
  /** Of the folds and the bootstrap; 0 unless given. */
  readonly seed?: number;
  /** Who fits the folds, as the workers of `@kinship/mtl/parallel`; this thread unless given. */
  readonly crossValidate?: CrossValidator;
  /** Whether methods are fitted side by side rather than one after another: for workers. */
  readonly concurrent?: boolean;
}

/** Multi-task fits beside what they have to beat, on the same rows with penalties chosen on the same folds. */
export interface Comparison {
  readonly loss: Loss;
  readonly single: FittedModel;
  readonly pooled: FittedModel;
  /** Of `methods`, the one with the least error in cross-validation. */
  readonly multi: FittedModel;
  /** Everything that was fitted, baselines too, by error in cross-validation from the least. */
  readonly ranking: readonly FittedModel[];
  /** Methods that could not be fitted, where several were asked for, and why. */
  readonly failed: readonly { readonly method: MethodName; readonly reason: string }[];
  /** The test rows, as indices into the table; the training rows if none were held out. */
  readonly rows: Int32Array;
  /** The task of each test row. */
  readonly tasks: readonly string[];
  /** What the fits were given. */
  readonly training: readonly Task[];
  readonly actual: Float64Array;
  readonly transfer: Transfer;
  readonly relatedness: Relatedness;
}

/**
 * Fits single-task ridge, pooled ridge and every method asked for on the training rows, each with its penalties chosen by
 * the same cross-validation within them, and judges all of them on the test rows.
 * @throws InputError for bad data, a task with test rows but no training row, and a method that does not suit the loss or
 * lacks a setting.
 */
export async function compareModels(options: CompareOptions): Promise<Comparison> {
  const { table, schema, split, loss = squared(), seed = 0, methods = ["k-norm"], intercept = "coupled" } = options;
  requireKnown(loss);
  for (const name of methods) requireSuitable(name, loss, options);
  const centred = loss.name === "squared" || loss.name === "huber";
  const pipeline = fitPipeline(table, { ...schema, centred }, split.train);
  const train = applyPipeline(pipeline, table, split.train);
  const rows = split.test.length > 0 ? split.test : split.train;
  const test = applyPipeline(pipeline, table, rows);
  requireTrained(train, test);
  const column = columnNamed(table, schema.target, "compareModels");
  const labels = taskLabels(columnNamed(table, schema.task, "compareModels"), "compareModels");
  const targets = (of: ArrayLike<number>) => readTarget(column, labels, of, pipeline.labels, "compareModels");
  const actual = targets(rows);
  requireLabels(loss, pipeline, train.tasks, split.train, targets(split.train));
  requireLabels(loss, pipeline, test.tasks, rows, actual);
  const tasks = tasksFromRows(train);
  const byGrams = (name: MethodName): boolean =>
    loss.name === "squared" && ["single-task", "pooled", "k-norm", "learned"].includes(name);
  const folds = options.folds ?? defaultFolds({ y: split.train });
  const base = baseScores(loss, train.y!);
  const sketch: MethodRun = {
    ...{ tasks, loss, base, lambdaIntercept: null, folds, seed, pipeline, test },
    foldOf: foldsOfTasks(
      tasks.map(({ y }) => (y as Float64Array).length),
      folds,
      seed,
    ),
    keepSingles: !methods.every(byGrams),
    repeats: methods.every(byGrams) ? (options.repeats ?? repeatsFor(split.train.length)) : 1,
    actual,
    settings: options,
    crossValidate: options.crossValidate ?? crossValidateDescribed,
    control: control(options.concurrent ? { ...(options.signal && { signal: options.signal }) } : options),
  };
  requireFolds(sketch);
  const run = { ...sketch, lambdaIntercept: await chooseInterceptPenalty(sketch, { name: "ridge" }) };
  let grams: GramFits | undefined;
  const fit = (name: MethodName): Promise<FittedModel> =>
    timed(name, run, () => {
      const regularizers = methodOf(name).regularizers(options, tasks.length);
      if (!byGrams(name)) return fitPenalized(name, regularizers as Exclude<typeof regularizers, string>, run);
      grams ??= gramFits(run);
      if (name === "learned") return fitRelations(run, grams, intercept);
      return fitByGrams(name as "k-norm", grams, run, intercept);
    });
  const failed: { method: MethodName; reason: string }[] = [];
  const attempt = async (name: MethodName): Promise<FittedModel[]> => {
    if (methods.length === 1) return [await fit(name)];
    return fit(name).then(
      (fitted) => [fitted],
      (error: unknown) => {
        if (!(error instanceof InputError)) throw error;
        failed.push({ method: name, reason: error.message.replace(/^\w+: /, "") });
        return [];
      },
    );
  };
  const others = methods.filter((name) => name !== "single-task" && name !== "pooled");
  const work: (() => Promise<FittedModel[]>)[] = [
    async () => [await fit("single-task")],
    async () => [await fit("pooled")],
    ...others.map((name) => () => attempt(name)),
  ];
  let finished = 0;
  const counted = work.map((start) => async () => {
    const fitted = await start();
    finished++;
    if (options.concurrent) options.onProgress?.({ stage: "fitting methods", done: finished, total: work.length });
    return fitted;
  });
  const found = (
    options.concurrent ? await Promise.all(counted.map((start) => start())) : await inTurn(counted)
  ).flat();
  const [single, pooled] = found as [FittedModel, FittedModel];
  const ranking = [...found].sort((a, b) => a.validation.error - b.validation.error);
  const multi = ranking.find((fitted) => fitted !== single && fitted !== pooled);
  if (multi === undefined) {
    throw new InputError(
      `compareModels: no method could be fitted beside the baselines: ${failed.map(({ reason }) => reason).join("; ") || "none was asked for"}`,
    );
  }
  const breathe = breather("which tasks were helped", options);
  const errors = [single.judgement.errors, multi.judgement.errors] as const;
  let related: Relatedness | undefined;
  return {
    ...{ loss, single, pooled, multi, ranking, failed, rows, tasks: test.tasks, training: tasks, actual },
    transfer: await transferAtRest(breathe, test.tasks, ...errors, { seed }),
    // Matrices of all pairs of tasks: not before they are asked for.
    get relatedness() {
      related ??= relatedness(multi.model);
      return related;
    },
  };
}

async function inTurn<T>(work: readonly (() => Promise<T>)[]): Promise<T[]> {
  const found: T[] = [];
  for (const start of work) found.push(await start());
  return found;
}

/** With few rows the error of one draw of folds is mostly luck. */
const repeatsFor = (rows: number): number => Math.min(5, Math.ceil(10_000 / rows));

async function timed(
  method: MethodName,
  { test, actual, loss }: MethodRun,
  work: () => Promise<Pick<FittedModel, "model" | "validation" | "refit">>,
): Promise<FittedModel> {
  const started = performance.now();
  const fitted = await work();
  const milliseconds = performance.now() - started;
  const predicted = predictRows(fitted.model, test);
  return { method, ...fitted, predicted, judgement: judge(loss, test.tasks, actual, predicted), milliseconds };
}

function requireKnown(loss: Loss): void {
  if (lossOf(describeLoss(loss)).source === loss.source) return;
  throw new InputError(
    `compareModels: the loss "${loss.name}" is not the one of this library; use fitLinear with a loss of your own`,
  );
}

function requireSuitable(name: MethodName, loss: Loss, settings: MethodSettings): void {
  const { squaredOnly, needs = [] } = methodOf(name);
  if (squaredOnly && loss.name !== "squared") {
    throw new InputError(`compareModels: the method "${name}" takes squared errors only, not the ${loss.name} loss`);
  }
  const lacking = needs.filter((need) => settings[need] === undefined);
  if (lacking.length > 0) {
    throw new InputError(`compareModels: the method "${name}" needs ${lacking.join(" and ")}; give them`);
  }
}

function requireTrained(train: PreparedRows, test: PreparedRows): void {
  const trained = new Set(train.tasks);
  const untrained = test.tasks.find((task) => !trained.has(task));
  if (untrained === undefined) return;
  throw new InputError(
    `compareModels: task "${untrained}" has no training row; train on some of its rows, or predict it as an unseen task`,
  );
}

function requireLabels(
  loss: Loss,
  { target, labels }: Pipeline,
  tasks: readonly string[],
  rows: ArrayLike<number>,
  values: Float64Array,
): void {
  const classes = loss.outputs > 1 ? loss.outputs : 2;
  if (labels !== null && labels.length !== classes) {
    throw new InputError(
      `compareModels: the schema has ${labels.length} labels of "${target}", and the ${loss.name} loss takes ${classes}`,
    );
  }
  const wrong = values.findIndex((value) => !loss.accepts(value));
  if (wrong < 0) return;
  throw new InputError(
    `compareModels: the target at ${place(target, rows[wrong]!, tasks[wrong])} is ${values[wrong]}; the ${loss.name} loss takes ${loss.labels}`,
  );
}

/** Something must be held out, and every label must be there to be learned. */
function requireFolds({ foldOf, tasks, pipeline, keepSingles }: MethodRun): void {
  if (keepSingles && foldOf.every((of) => of.every((fold) => fold < 0))) {
    throw new InputError(
      "compareModels: no task has two training rows, so penalties cannot be chosen by cross-validation; train on more rows",
    );
  }
  const seen = new Set(tasks.flatMap(({ y }) => Array.from(y as Float64Array)));
  for (const [code, label] of (pipeline.labels ?? []).entries()) {
    if (seen.has(code)) continue;
    throw new InputError(
      `compareModels: no training row has the label "${label}" of "${pipeline.target}"; train on more rows, try another seed, or merge it with another label`,
    );
  }
}

const control = ({ onProgress, signal }: RunControl): RunControl => ({
  ...(onProgress && { onProgress }),
  ...(signal && { signal }),
});
