import { readFile, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import {
  adamW,
  type Balancer,
  balancers,
  compareTraining,
  cosineRate,
  cosmos,
  dynamicWeightAverage,
  evaluateTasks,
  fixedWeighting,
  type Optimizer,
  predictTasks,
  type Trained,
  type TrainOptions as TrainingOptions,
  train as trainTasks,
} from "@kinship/mtl";
import { compile } from "@kinship/tensor/compile";
import { describeFileError, InputError } from "../errors.js";
import { checkWritableFolder, writeFiles } from "../files/atomic.js";
import { Interrupted, isInterrupted, type Surroundings, wantsColour } from "../io.js";
import type { TrainingReport } from "../report/train/data.js";
import { whole } from "../report/words.js";
import { type ProgressDisplay, progressDisplay } from "../show/progress.js";
import { version } from "../version.js";
import { objectiveFor } from "./architecture.js";
import { datasetOf, type ModelTask, type Parts, type TrainingData, tasksOf } from "./data.js";
import { encodingsFor } from "./encodings.js";
import type { TrainOptions } from "./grammar.js";
import { readTrainingImages } from "./images.js";
import { modelFiles } from "./model-file.js";
import { overall, resultTable } from "./results.js";
import { spellTrain } from "./spell.js";
import { splitTrainingRows } from "./split.js";
import { readTrainingTable } from "./table.js";

/** Kept in the folder of the model while it is trained. */
const checkpointFile = "checkpoint.safetensors";

/** The seeds of --compare: enough for an interval. */
const comparedSeeds = 3;

/** Reads, splits, trains, says what came of it, and writes the model and the report. */
export async function train(path: string, options: TrainOptions, surroundings: Surroundings): Promise<void> {
  const { output, error, signal, environment } = surroundings;
  const progress = progressDisplay(error);
  const checkpoint = join(options.out, checkpointFile);
  try {
    await checkWritableFolder(options.out);
    const resume = options.resume ? await readCheckpoint(checkpoint) : undefined;
    const data = await read(path, options, signal, progress);
    const tasks = tasksOf(data);
    const split = splitTrainingRows(data, tasks, options);
    const prepared = data.prepare(split.train);
    const parts: Parts = {
      train: datasetOf(data, prepared, tasks, split.train),
      validation: datasetOf(data, prepared, tasks, split.validation),
      test: datasetOf(data, prepared, tasks, split.test),
    };
    progress.stop();
    output.write(introduction(data, tasks, split));
    const encodings = options.architecture === "film" ? await encodingsFor(tasks, data, options, signal) : {};
    const objective = objectiveFor(tasks, prepared.input, options, encodings);
    const { seed, epochs, batch, balance, weights = {} } = options;
    const rows = Object.values(parts.train);
    const own = new Set(rows.map(({ x }) => x));
    const stepsInEpoch = Math.ceil([...own].reduce((sum, x) => sum + x.shape[0]!, 0) / batch);
    const common: TrainingOptions = {
      objective,
      data: parts.train,
      validation: parts.validation,
      epochs,
      batchSize: batch,
      optimizer: optimizerFor(options, stepsInEpoch),
      ...(balance !== undefined && {
        balancer: balancerNamed(
          balance,
          tasks.map(({ name }) => weights[name] ?? 1),
          stepsInEpoch,
        ),
      }),
      ...(options.patience !== undefined && { earlyStopping: { patience: options.patience } }),
      seed,
      signal,
    };
    const trained = await trainTasks({
      ...common,
      trackGradients: tasks.length > 1 && tasks.length <= mostTracked,
      onProgress: ({ done, total }) => progress.show({ stage: "training", done, total }),
      checkpoint: { save: async (bytes) => void (await writeFiles(options.out, { [checkpointFile]: bytes })) },
      ...(resume && { resume }),
    }).catch((reason: unknown) => {
      if (!isInterrupted(reason, signal)) throw reason;
      throw new Interrupted(`the same command with --resume goes on from ${checkpoint}`, { cause: reason });
    });
    const comparison = options.compare && (await compare(common, parts, options, progress, checkpoint, signal));
    const measures = evaluateTasks(trained, parts.test, { wrap: compile });
    progress.show({ stage: "drawing the report", done: 1, total: 1 });
    const { renderTraining } = await import("../report/train/render.js");
    const inputs = Object.fromEntries(tasks.map(({ name }) => [name, parts.test[name]!.x]));
    const predictions = predictTasks(trained, inputs, { wrap: compile });
    const report: TrainingReport = {
      source: basename(path),
      command: spellTrain(path, options),
      version,
      options,
      tasks,
      rows: { train: split.train.length, validation: split.validation.length, test: split.test.length },
      history: trained.history,
      stopped: trained.stopped,
      measures,
      comparison,
      main: Object.fromEntries(tasks.map(({ name }) => [name, objective.kinds[name]!.main])),
      predictions: tasks.map(({ name }) => ({
        task: name,
        predicted: predictions[name]!.toTypedArray() as Float32Array,
        actual: parts.test[name]!.y!.toTypedArray() as Float64Array,
      })),
    };
    const { groupColumn } = data;
    const description = { reading: prepared.reading, tasks, ...(groupColumn !== undefined && { groupColumn }) };
    const files = { ...modelFiles(trained, description), "report.html": renderTraining(report) };
    const written = await writeFiles(options.out, files, signal);
    await rm(checkpoint, { force: true });
    progress.stop();
    output.write(resultTable(tasks, objective.kinds, measures, comparison, wantsColour(output, environment)));
    if (data.groups) output.write(overall(tasks, report.predictions));
    output.write(`${ending(trained, options)}\n\nreport: ${written.at(-1)}\nmodel:  ${written[1]}\n`);
  } finally {
    progress.stop();
  }
}

/** Above this, one cosine for each two tasks is more than can be looked at. */
const mostTracked = 50;

async function read(
  path: string,
  options: TrainOptions,
  signal: AbortSignal,
  progress: ProgressDisplay,
): Promise<TrainingData> {
  const found = await stat(path).catch((error: unknown) => {
    throw describeFileError(error, "read", path);
  });
  const stage = `reading ${basename(path)}`;
  progress.show({ stage, done: 0, total: 1 });
  if (!found.isDirectory()) return readTrainingTable(path, options, signal);
  return readTrainingImages(path, options, signal, (done, total) =>
    progress.show({ stage: `${stage}, ${total} images`, done, total }),
  );
}

async function readCheckpoint(path: string): Promise<Uint8Array> {
  return readFile(path).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT")
      throw new InputError(`there is nothing to resume at ${path}; leave --resume out`);
    throw describeFileError(error, "read", path);
  });
}

/** Its name tells all that decides its steps, so that a checkpoint is only resumed by the same. */
function optimizerFor({ rate, epochs }: TrainOptions, stepsInEpoch: number): Optimizer {
  const steps = epochs * stepsInEpoch;
  const optimizer = adamW({ learningRate: cosineRate({ rate, steps }), weightDecay: 0.01 });
  return { ...optimizer, name: `${optimizer.name} at ${rate} over ${steps} steps` };
}

/** `weights`: the objective's, one a task. Methods that are given weights take these as theirs. */
function balancerNamed(name: string, weights: readonly number[], stepsInEpoch: number): Balancer {
  if (name === "fixedWeighting") return fixedWeighting(weights);
  if (name === "dynamicWeightAverage") return dynamicWeightAverage({ every: stepsInEpoch });
  if (name === "cosmos") return cosmos({ preference: weights });
  // Spelled out: the compiler gives up on the union of all the methods.
  return (balancers as Readonly<Record<string, () => Balancer>>)[name]!();
}

async function compare(
  common: TrainingOptions,
  { test }: Parts,
  { seed, epochs }: TrainOptions,
  progress: ProgressDisplay,
  checkpoint: string,
  signal: AbortSignal,
) {
  const { seed: _, ...options } = common;
  const count = common.objective.tasks.length + 1;
  let run = 0;
  let last = -1;
  return compareTraining({
    ...options,
    test,
    seeds: Array.from({ length: comparedSeeds }, (_, k) => seed + k),
    onProgress: ({ done, total }) => {
      if (done < last) run++;
      last = done;
      progress.show({
        stage: "comparing with each task alone",
        done: run * total + done,
        total: count * comparedSeeds * total,
      });
    },
  }).catch((reason: unknown) => {
    if (!isInterrupted(reason, signal)) throw reason;
    throw new Interrupted(
      `training itself was finished (${epochs} epochs): the same command with --resume goes on from ${checkpoint}`,
      { cause: reason },
    );
  });
}

function introduction(
  data: TrainingData,
  tasks: readonly ModelTask[],
  split: ReturnType<typeof splitTrainingRows>,
): string {
  const { train: rows, validation, test } = split;
  const shown = data.labels.map(({ name, kind, classes, values }) => {
    const known = values.reduce((count, value) => count + (Number.isNaN(value) ? 0 : 1), 0);
    const what =
      kind === "regression"
        ? kind
        : `${kind}, ${classes.length > 6 ? `${classes.length} classes` : classes.join(" or ")}`;
    return `  ${name}: ${what}${known < data.rows ? `; ${whole(known)} of ${whole(data.rows)} rows have a label` : ""}\n`;
  });
  const groups = data.groups
    ? `${whole(tasks.length)} tasks, one for each ${data.groupColumn}${data.labels.length > 1 ? " and label" : ""}\n`
    : "";
  return `${shown.join("")}${groups}${whole(rows.length)} rows to train on, ${whole(validation.length)} to validate, ${whole(test.length)} to test\n`;
}

function ending({ history, stopped }: Trained, { patience }: TrainOptions): string {
  const epochs = history.length;
  return stopped === "early"
    ? `Stopped after epoch ${epochs}: no better validation for ${patience}; the model is that of epoch ${epochs - patience!}.`
    : `Trained for ${epochs} ${epochs === 1 ? "epoch" : "epochs"}.`;
}
