import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  type AnyRegularizer,
  applyPipeline,
  type Comparison,
  compareModels,
  crossValidateLearned,
  type Evaluation,
  evaluate,
  fitLearned,
  fitLinearByCrossValidation,
  fitPipeline,
  identityKinship,
  jointFeatures,
  type KinshipBuilder,
  type LearnedFit,
  type LinearModel,
  meanKinship,
  mtlFeat,
  predictRows,
  predictTask,
  splitByTestRows,
  type Table,
  tasksFromRows,
  traceNorm,
} from "@kinship/mtl";
import { readTable } from "./support/csv.js";
import { dataFolder } from "./support/data.js";

/** The School data may not be redistributed: null where they are not. */
export const schoolFolder = (): URL | null => dataFolder("school", "school.csv");

export interface SchoolData {
  readonly table: Table;
  /** Zero-based test rows of each of the ten published splits. */
  readonly splits: readonly (readonly number[])[];
}

export function readSchool(folder: URL): SchoolData {
  const lines = readFileSync(new URL("test-rows.csv", folder), "utf8").trim().split("\n");
  return {
    table: readTable(new URL("school.csv", folder)),
    splits: lines.map((line) => line.split(",").map(Number)),
  };
}

/** All penalties are chosen by cross-validation on the training rows of the split. */
export function compareOnSplit(
  { table, splits }: SchoolData,
  split: number,
  kinship: KinshipBuilder = meanKinship(),
): Promise<Comparison> {
  const schema = { task: "task", target: "score" };
  return compareModels({ table, schema, split: splitByTestRows(table, splits[split]!), kinship, seed: split });
}

export interface LearnedOnSplit {
  readonly fit: LearnedFit;
  readonly evaluation: Evaluation;
  readonly milliseconds: number;
}

/**
 * Relations between the schools learned with their models (MTRL), λ by cross-validation on the training rows: from no
 * prior with free intercepts, or from the mean with intercepts that are tied to it.
 */
export async function learnOnSplit(
  { table, splits }: SchoolData,
  split: number,
  prior: "none" | "mean",
): Promise<LearnedOnSplit> {
  const started = performance.now();
  const { train, test } = splitByTestRows(table, splits[split]!);
  const pipeline = fitPipeline(table, { task: "task", target: "score" }, train);
  const tasks = tasksFromRows(applyPipeline(pipeline, table, train));
  const rows = applyPipeline(pipeline, table, test);
  const kinship = prior === "none" ? identityKinship() : meanKinship();
  const intercept = prior === "none" ? ("free" as const) : ("coupled" as const);
  const chosen = await crossValidateLearned({ tasks, kinship, intercept, folds: 3, seed: split });
  const { lambda, lambdaIntercept } = chosen;
  const fit = await fitLearned({ tasks, kinship, intercept, lambda, lambdaIntercept, tolerance: 1e-4 });
  const predicted = new Float64Array(rows.tasks.length);
  for (const { name } of tasks) {
    const own = [...rows.tasks.keys()].filter((row) => rows.tasks[row] === name);
    const width = rows.features;
    const x = own.map((row) => rows.x.subarray(row * width, (row + 1) * width));
    for (const [i, value] of predictTask(fit.model, name, x).entries()) predicted[own[i]!] = value;
  }
  const evaluation = evaluate(rows.tasks, rows.y!, predicted);
  return { fit, evaluation, milliseconds: performance.now() - started };
}

export interface RegularizedOnSplit {
  readonly model: LinearModel;
  readonly evaluation: Evaluation;
  readonly milliseconds: number;
}

/** Free intercepts, λ by cross-validation on the training rows. */
export async function regularizeOnSplit(
  { table, splits }: SchoolData,
  split: number,
  regularizer: AnyRegularizer,
): Promise<RegularizedOnSplit> {
  const started = performance.now();
  const { train, test } = splitByTestRows(table, splits[split]!);
  const pipeline = fitPipeline(table, { task: "task", target: "score" }, train);
  const tasks = tasksFromRows(applyPipeline(pipeline, table, train));
  const { model } = await fitLinearByCrossValidation({ tasks, regularizer, pipeline, seed: split, tolerance: 1e-6 });
  const milliseconds = performance.now() - started;
  const rows = applyPipeline(pipeline, table, test);
  const actual = rows.y!.map((value) => value + pipeline.targetMean);
  return { model, evaluation: evaluate(rows.tasks, actual, predictRows(model, rows)), milliseconds };
}

/** nMSE as published for these splits: over the variance within schools. */
export const withinError = ({ overall }: Evaluation): number => 1 - overall.explainedVarianceWithin;

async function printRegularized(data: SchoolData, count: number): Promise<void> {
  const regularizers = [jointFeatures(), mtlFeat(), traceNorm()];
  console.log(`\nsplit ${regularizers.map(({ name }) => name.padEnd(16)).join("")}(test MSE)`);
  const sums = regularizers.map(() => ({ mse: 0, within: 0, milliseconds: 0 }));
  for (let split = 0; split < count; split++) {
    const errors: number[] = [];
    for (const [k, regularizer] of regularizers.entries()) {
      const { evaluation, milliseconds } = await regularizeOnSplit(data, split, regularizer);
      errors.push(evaluation.overall.mse);
      sums[k]!.mse += evaluation.overall.mse / count;
      sums[k]!.within += withinError(evaluation) / count;
      sums[k]!.milliseconds += milliseconds;
    }
    console.log(String(split).padEnd(6) + errors.map((error) => error.toFixed(3).padEnd(16)).join(""));
  }
  const row = (name: string, cell: (sum: (typeof sums)[number]) => string) =>
    console.log(name.padEnd(6) + sums.map((sum) => cell(sum).padEnd(16)).join(""));
  row("mean", ({ mse }) => mse.toFixed(3));
  row("nMSE", ({ within }) => `${within.toFixed(4)} (within)`);
  row("time", ({ milliseconds }) => `${(milliseconds / 1000).toFixed(2)} s`);
}

async function main(): Promise<void> {
  const folder = schoolFolder();
  if (folder === null) {
    console.log("School: skipped, the data are not here; set KINSHIP_DATA to the folder that holds school/");
    return;
  }
  const data = readSchool(folder);
  console.log("School: test MSE on the ten published splits");
  console.log("split single   pooled   mean     MTRL     MTRL+mean nMSE    λ        λ_intercept  ms");
  const sums = [0, 0, 0, 0, 0, 0];
  let total = 0;
  const count = process.env.KINSHIP_QUICK === "1" ? 1 : data.splits.length;
  for (let split = 0; split < count; split++) {
    const { single, pooled, multi, tasks, actual } = await compareOnSplit(data, split);
    const errors = [single, pooled, multi].map(({ judgement }) => judgement.error);
    for (const prior of ["none", "mean"] as const) {
      errors.push((await learnOnSplit(data, split, prior)).evaluation.overall.mse);
    }
    errors.push(evaluate(tasks, actual, multi.predicted).overall.nmse);
    for (const [k, error] of errors.entries()) sums[k]! += error / count;
    total += multi.milliseconds;
    const { lambda, lambdaIntercept } = multi.model;
    const cells = [...errors.map((error) => error.toFixed(3)), lambda.toPrecision(3), lambdaIntercept.toPrecision(3)];
    console.log(String(split).padEnd(6) + cells.map((cell) => cell.padEnd(9)).join(""), multi.milliseconds.toFixed(0));
  }
  console.log(`mean  ${sums.map((sum) => sum.toFixed(3).padEnd(9)).join("")}`);
  console.log(`the multi-task fits to the mean with their cross-validation: ${(total / 1000).toFixed(2)} s`);
  await printRegularized(data, count);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
