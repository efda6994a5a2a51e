import {
  type Comparison,
  type CrossValidation,
  type Feature,
  type FittedModel,
  type LinearModel,
  nodeNames,
} from "@kinship/mtl";
import type { Coefficient, MethodKey, MethodScore, PathCurve, ReportData } from "./data.js";
import { spread } from "./words.js";

/** What the comparison itself does not know. */
export interface Circumstances
  extends Pick<
    ReportData,
    "source" | "command" | "version" | "task" | "target" | "features" | "testFraction" | "seed" | "kinship"
  > {
  readonly trainRows: number;
  readonly groups: ReadonlyMap<string, string> | null;
}

/** More small pictures than this are not looked at. */
const mostCoefficients = 12;

/** A comparison as the plain data of its report. */
export function collectReport(comparison: Comparison, circumstances: Circumstances): ReportData {
  const { single, pooled, multi, transfer, actual } = comparison;
  const { groups, trainRows, ...told } = circumstances;
  const group = (task: string): string | null => groups?.get(task) ?? null;
  const coefficients = coefficientsOf(single.model, pooled.model, multi.model);
  return {
    ...told,
    rows: { train: trainRows, test: actual.length },
    folds: multi.validation.folds,
    methods: [score("single", single), score("pooled", pooled), score("multi", multi)],
    gains: {
      perTask: transfer.perTask.map(({ rows, ...gain }) => ({ ...gain, group: group(gain.task), testRows: rows })),
      overall: transfer.overall,
      confidence: transfer.confidence,
    },
    path: { single: curve(single.validation), multi: curve(multi.validation) },
    related: relatedness(comparison, group),
    coefficients: coefficients.slice(0, mostCoefficients),
    coefficientCount: coefficients.length,
    predictions: { actual, single: single.predicted, multi: multi.predicted },
  };
}

const score = (key: MethodKey, { evaluation, milliseconds }: FittedModel): MethodScore => ({
  key,
  mse: evaluation.overall.mse,
  explainedWithin: evaluation.overall.explainedVarianceWithin,
  explainedGlobal: evaluation.overall.explainedVarianceGlobal,
  seconds: milliseconds / 1000,
});

const curve = ({ path, lambda, lambdaIntercept }: CrossValidation): PathCurve => ({
  points: path,
  lambda,
  lambdaIntercept,
});

/** Both maps in one order: kin beside kin, and children of one parent in one block. */
function relatedness(
  { multi, relatedness }: Comparison,
  group: (task: string) => string | null,
): ReportData["related"] {
  const { tasks } = multi.model.kinship;
  const size = tasks.length;
  const blocks = new Map<string | null, number[]>();
  for (const task of relatedness.order) {
    const key = group(tasks[task]!);
    blocks.set(key, [...(blocks.get(key) ?? []), task]);
  }
  const order = [...blocks.values()].flat();
  const { matrix, correlation } = relatedness;
  const scale = tasks.map((_, task) => Math.sqrt(matrix[task * size + task]!));
  const arranged = (cell: (row: number, column: number) => number): Float64Array =>
    Float64Array.from({ length: size * size }, (_, index) =>
      cell(order[Math.floor(index / size)]!, order[index % size]!),
    );
  return {
    names: order.map((task) => tasks[task]!),
    groups: order.map((task) => group(tasks[task]!)),
    assumed: arranged((i, j) => -matrix[i * size + j]! / (scale[i]! * scale[j]! || 1)),
    found: arranged((i, j) => correlation[i * size + j]!),
  };
}

/** In the units of the data; those that differ most between tasks, for their size, come first after the intercept. */
function coefficientsOf(single: LinearModel, pooled: LinearModel, multi: LinearModel): Coefficient[] {
  const tasks = multi.kinship.tasks;
  const columns = multi.features.length;
  const mean = multi.pipeline?.targetMean ?? 0;
  const scales = multi.pipeline?.features.flatMap(scalesOf) ?? [];
  const rowOf = (model: LinearModel): number[] => {
    const place = new Map(model.kinship.tasks.map((task, index) => [task, index]));
    return tasks.map((task) => place.get(task)!);
  };
  const [singleRows, multiRows, pooledRow] = [
    rowOf(single),
    rowOf(multi),
    nodeNames(pooled).indexOf(pooled.kinship.root!),
  ];
  const weights = multi.features.map((name, column) => {
    const scale = scales[column] ?? 1;
    const values = (model: LinearModel, rows: readonly number[]): number[] =>
      rows.map((row) => model.weights[row * columns + column]! / scale);
    const together = values(multi, multiRows);
    const coefficient = {
      name,
      single: values(single, singleRows),
      multi: together,
      pooled: pooled.weights[pooledRow * columns + column]! / scale,
    };
    return { coefficient, difference: spread(together) * scale };
  });
  weights.sort((a, b) => b.difference - a.difference);
  const intercept: Coefficient = {
    name: "intercept",
    single: singleRows.map((row) => mean + single.intercepts[row]!),
    multi: multiRows.map((row) => mean + multi.intercepts[row]!),
    pooled: mean + pooled.intercepts[pooledRow]!,
  };
  return [intercept, ...weights.map(({ coefficient }) => coefficient)];
}

/** One scale a column of x, in the pipeline's order. */
function scalesOf(feature: Feature): number[] {
  if (feature.kind === "categorical") return feature.levels.map(({ scale }) => scale);
  return [feature.scale, ...(feature.missing === null ? [] : [feature.missing.scale])];
}
