import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  type AnyRegularizer,
  applyPipeline,
  type Comparison,
  compareModels,
  crossValidate,
  crossValidateLearned,
  type Evaluation,
  evaluate,
  fitKNorm,
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
  type PreparedRows,
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
  const fit = await fitLearned({ tasks, kinship, intercept, lambda, lambdaIntercept, tolerance: 1e-6 });
  const evaluation = evaluate(rows.tasks, rows.y!, predictNamed(fit.model, rows));
  return { fit, evaluation, milliseconds: performance.now() - started };
}

/** Predictions of rows by the models of their tasks. */
function predictNamed(model: LinearModel, { tasks, x, features }: PreparedRows): Float64Array {
  const predicted = new Float64Array(tasks.length);
  const rowsOf = new Map<string, number[]>();
  for (const [row, name] of tasks.entries()) {
    const own = rowsOf.get(name);
    if (own === undefined) rowsOf.set(name, [row]);
    else own.push(row);
  }
  for (const [name, own] of rowsOf) {
    const inputs = own.map((row) => x.subarray(row * features, (row + 1) * features));
    for (const [i, value] of predictTask(model, name, inputs).entries()) predicted[own[i]!] = value;
  }
  return predicted;
}

/** One method's mean over splits, and what its fits cost together. */
export interface MethodSummary {
  readonly method: string;
  readonly mse: number;
  /** See `withinError`. */
  readonly nmse: number;
  /** The largest residual of the certificates. */
  readonly residual: number;
  readonly seconds: number;
}

/**
 * Five methods on the same splits, each split prepared once: λ of all of them from the training rows alone, intercepts
 * free but for the K-norm's, which are tied to their mean.
 */
export async function fiveMethods({ table, splits }: SchoolData, count = splits.length): Promise<MethodSummary[]> {
  const names = ["K-norm", "L2,1", "MTRL", "MTL-FEAT", "trace norm"] as const;
  const sums = names.map((method) => ({ method, mse: 0, nmse: 0, residual: 0, seconds: 0 }));
  for (let split = 0; split < count; split++) {
    const { train, test } = splitByTestRows(table, splits[split]!);
    const pipeline = fitPipeline(table, { task: "task", target: "score" }, train);
    const tasks = tasksFromRows(applyPipeline(pipeline, table, train));
    const rows = applyPipeline(pipeline, table, test);
    const features = pipeline.names;
    const regularized = async (regularizer: AnyRegularizer) =>
      (await fitLinearByCrossValidation({ tasks, regularizer, features, seed: split, tolerance: 1e-6 })).model;
    const fits: Record<(typeof names)[number], () => Promise<LinearModel>> = {
      "K-norm": async () => {
        const kinship = meanKinship();
        const { lambda, lambdaIntercept } = await crossValidate({ tasks, kinship, seed: split });
        return fitKNorm({ tasks, kinship, lambda, lambdaIntercept, features });
      },
      "L2,1": () => regularized(jointFeatures()),
      MTRL: async () => {
        const options = { tasks, kinship: identityKinship(), intercept: "free" } as const;
        const { lambda } = await crossValidateLearned({ ...options, folds: 3, seed: split });
        return (await fitLearned({ ...options, lambda, features, tolerance: 1e-6 })).model;
      },
      "MTL-FEAT": () => regularized(mtlFeat()),
      "trace norm": () => regularized(traceNorm()),
    };
    for (const sum of sums) {
      const started = performance.now();
      const model = await fits[sum.method]();
      sum.seconds += (performance.now() - started) / 1000;
      const evaluation = evaluate(rows.tasks, rows.y!, predictNamed(model, rows));
      sum.mse += evaluation.overall.mse / count;
      sum.nmse += withinError(evaluation) / count;
      sum.residual = Math.max(sum.residual, model.certificate.residual);
    }
  }
  return sums;
}

/** nMSE as published for these splits: over the variance within schools. */
export const withinError = ({ overall }: Evaluation): number => 1 - overall.explainedVarianceWithin;

async function printMethods(data: SchoolData, count: number): Promise<void> {
  const before = process.cpuUsage();
  const started = performance.now();
  const methods = await fiveMethods(data, count);
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(before);
  console.log("\nmethod      MSE      nMSE (within)  largest residual  time");
  for (const { method, mse, nmse, residual, seconds: own } of methods) {
    const cells = [mse.toFixed(3).padEnd(9), nmse.toFixed(4).padEnd(15), residual.toExponential(1).padEnd(18)];
    console.log(`${method.padEnd(12)}${cells.join("")}${own.toFixed(2)} s`);
  }
  console.log(`together ${seconds.toFixed(1)} s, of the processor ${((user + system) / 1e6).toFixed(1)} s`);
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
  await printMethods(data, count);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
