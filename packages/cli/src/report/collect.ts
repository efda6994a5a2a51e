import { type Comparison, calibration, type FittedModel, methodOf, mostLikely, type Validation } from "@kinship/mtl";
import { coefficientsOf, featuresUsed, sparsityOf } from "./coefficients.js";
import type { MethodKey, MethodScore, PathCurve, Predictions, RankedMethod, Reliability, ReportData } from "./data.js";
import { taskGroups } from "./groups.js";

/** What the comparison itself does not know. */
export interface Circumstances
  extends Pick<
    ReportData,
    "source" | "command" | "version" | "task" | "target" | "features" | "testFraction" | "seed" | "kinship" | "norms"
  > {
  readonly trainRows: number;
  readonly groups: ReadonlyMap<string, string> | null;
  /** Whether several methods were asked for. */
  readonly compared: boolean;
}

/** More small pictures than this are not looked at. */
const mostCoefficients = 12;

/** A comparison as the plain data of its report. */
export function collectReport(comparison: Comparison, circumstances: Circumstances): ReportData {
  const { single, pooled, multi, transfer, actual, loss, failed } = comparison;
  const { groups, trainRows, compared, ...told } = circumstances;
  const group = (task: string): string | null => groups?.get(task) ?? null;
  const coefficients = coefficientsOf(single.model, pooled.model, multi.model);
  const order = orderOf(comparison, group);
  const { title, supposes } = methodOf(multi.method);
  return {
    ...told,
    loss: loss.name,
    error: { name: multi.judgement.errorName, short: multi.judgement.errorShort },
    rows: { train: trainRows, test: comparison.tasks.length },
    folds: multi.validation.folds,
    methods: [score("single", single), score("pooled", pooled), score("multi", multi)],
    method: { name: multi.method, title, supposes },
    ranking: compared ? comparison.ranking.map((fitted) => ranked(fitted, multi)) : null,
    failed: failed.map(({ method, reason }) => ({ title: methodOf(method).title, reason })),
    gains: {
      perTask: transfer.perTask.map(({ rows, ...gain }) => ({ ...gain, group: group(gain.task), testRows: rows })),
      overall: transfer.overall,
      confidence: transfer.confidence,
    },
    path: { single: curve(single.validation), multi: curve(multi.validation) },
    related: relatedness(comparison, order, group),
    taskGroups: taskGroups(comparison),
    sparsity: sparsityOf(multi.model, order),
    coefficients: coefficients.slice(0, mostCoefficients),
    coefficientCount: coefficients.length,
    predictions: predictions(comparison, actual),
  };
}

const score = (key: MethodKey, { judgement, milliseconds }: FittedModel): MethodScore => ({
  key,
  error: judgement.error,
  measures: judgement.measures,
  seconds: milliseconds / 1000,
});

function ranked(fitted: FittedModel, multi: FittedModel): RankedMethod {
  const { method, validation, judgement, milliseconds, model } = fitted;
  const { title, supposes } = methodOf(method);
  const at = validation.path.find(
    ({ lambda, lambdaIntercept, variant }) =>
      lambda === validation.lambda && lambdaIntercept === validation.lambdaIntercept && variant === validation.variant,
  );
  return {
    ...{ title, supposes, variant: validation.variant, validation: validation.error },
    kind: method === "single-task" || method === "pooled" ? "baseline" : fitted === multi ? "chosen" : "other",
    standardError: at?.standardError ?? Number.NaN,
    ...{ error: judgement.error, measures: judgement.measures },
    ...{ features: featuresUsed(model), seconds: milliseconds / 1000 },
  };
}

const curve = ({ path, lambda, lambdaIntercept }: Validation): PathCurve => ({
  points: path,
  lambda,
  lambdaIntercept,
});

/** Kin beside kin, and children of one parent in one block. */
function orderOf({ multi, relatedness }: Comparison, group: (task: string) => string | null): number[] {
  const { tasks } = multi.model.kinship;
  const blocks = new Map<string | null, number[]>();
  for (const task of relatedness.order) {
    const key = group(tasks[task]!);
    blocks.set(key, [...(blocks.get(key) ?? []), task]);
  }
  return [...blocks.values()].flat();
}

/** Both maps in one order. A regularizer that knows no K assumed none. */
function relatedness(
  { multi, relatedness }: Comparison,
  order: readonly number[],
  group: (task: string) => string | null,
): ReportData["related"] {
  const { tasks } = multi.model.kinship;
  const size = tasks.length;
  const { matrix, correlation } = relatedness;
  const scale = tasks.map((_, task) => Math.sqrt(matrix[task * size + task]!));
  const arranged = (cell: (row: number, column: number) => number): Float64Array =>
    Float64Array.from({ length: size * size }, (_, index) =>
      cell(order[Math.floor(index / size)]!, order[index % size]!),
    );
  const tied = methodOf(multi.method).tied === true && multi.model.regularizer.name !== "split";
  return {
    names: order.map((task) => tasks[task]!),
    groups: order.map((task) => group(tasks[task]!)),
    assumed: tied ? arranged((i, j) => -matrix[i * size + j]! / (scale[i]! * scale[j]! || 1)) : null,
    learned: multi.method === "learned",
    found: arranged((i, j) => correlation[i * size + j]!),
  };
}

function predictions({ loss, single, multi }: Comparison, actual: Float64Array): Predictions {
  if (loss.name !== "logistic" && loss.name !== "multinomial") {
    return { kind: "numbers", actual, single: single.predicted, multi: multi.predicted };
  }
  const labels = multi.model.pipeline?.labels;
  const reliability = ({ predicted }: FittedModel): Reliability => {
    if (loss.outputs === 1) return calibration(predicted, actual);
    const chosen = mostLikely(predicted, loss.outputs);
    return calibration(
      Array.from(chosen, (label, row) => predicted[row * loss.outputs + label]!),
      Array.from(chosen, (label, row) => Number(label === actual[row])),
    );
  };
  return {
    kind: "probabilities",
    of: loss.outputs === 1 ? (labels?.[1] ?? "1") : "the label that seems most likely",
    single: reliability(single),
    multi: reliability(multi),
  };
}
