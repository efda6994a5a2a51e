import { groupRows } from "../data/cells.js";
import type { Loss } from "../losses/loss.js";
import {
  accuracy,
  areaUnderCurve,
  confusionMatrix,
  macroF1,
  mostLikely,
  smallestProbability,
} from "./classification.js";
import { evaluate } from "./metrics.js";
import { meanAbsoluteError } from "./regression-measures.js";

/** One number about predictions, as a report shows it. */
export interface Measure {
  readonly name: string;
  readonly value: number;
  /** Shares are shown in percent. */
  readonly kind: "number" | "share";
  readonly better: "less" | "more";
}

/** How predictions fare under the loss they were fitted by. */
export interface Judgement {
  /** "mean squared error": what `error` is. */
  readonly errorName: string;
  /** "MSE" */
  readonly errorShort: string;
  /** One a row. */
  readonly errors: Float64Array;
  /** Their mean. */
  readonly error: number;
  readonly perTask: readonly { readonly task: string; readonly rows: number; readonly error: number }[];
  /** What else suits the loss. */
  readonly measures: readonly Measure[];
}

interface Judge {
  readonly errorName: string;
  readonly errorShort: string;
  errorOf(predicted: Float64Array, row: number, actual: number): number;
  measures(tasks: readonly string[], actual: Float64Array, predicted: Float64Array): Measure[];
}

/** @param predicted as `predictRows` gives it: one expected value a row, or the probability of each class */
export function judge(loss: Loss, tasks: readonly string[], actual: Float64Array, predicted: Float64Array): Judgement {
  const { errorName, errorShort, errorOf, measures } = judgeOf(loss);
  const errors = actual.map((y, row) => errorOf(predicted, row, y));
  const meanOf = (rows: readonly number[]) => rows.reduce((sum, row) => sum + errors[row]! / rows.length, 0);
  return {
    errorName,
    errorShort,
    errors,
    error: meanOf(Array.from(errors.keys())),
    perTask: [...groupRows(tasks)].map(([task, rows]) => ({ task, rows: rows.length, error: meanOf(rows) })),
    measures: measures(tasks, actual, predicted),
  };
}

const share = (name: string, value: number): Measure => ({ name, value, kind: "share", better: "more" });
const number = (name: string, value: number): Measure => ({ name, value, kind: "number", better: "less" });

const explained: Judge["measures"] = (tasks, actual, predicted) => {
  const { explainedVarianceWithin, explainedVarianceGlobal } = evaluate(tasks, actual, predicted).overall;
  return [share("explained within", explainedVarianceWithin), share("explained global", explainedVarianceGlobal)];
};

const logLossOf = (probability: number): number => -Math.log(Math.max(probability, smallestProbability));

function judgeOf(loss: Loss): Judge {
  switch (loss.name) {
    case "huber":
      return {
        errorName: "mean Huber error",
        errorShort: "Huber",
        errorOf: (predicted, row, y) => loss.value(predicted, row, y),
        measures: (tasks, actual, predicted) => [
          number("MSE", evaluate(tasks, actual, predicted).overall.mse),
          number("MAE", meanAbsoluteError(predicted, actual)),
        ],
      };
    case "logistic":
      return {
        errorName: "log-loss",
        errorShort: "log-loss",
        errorOf: (predicted, row, y) => logLossOf(y === 1 ? predicted[row]! : 1 - predicted[row]!),
        measures: (_, actual, predicted) => [
          share(
            "accuracy",
            accuracy(
              predicted.map((p) => (p > 0.5 ? 1 : 0)),
              actual,
            ),
          ),
          share("AUC", areaUnderCurve(predicted, actual)),
        ],
      };
    case "multinomial": {
      const classes = loss.outputs;
      return {
        errorName: "log-loss",
        errorShort: "log-loss",
        errorOf: (predicted, row, y) => logLossOf(predicted[row * classes + y]!),
        measures(_, actual, predicted) {
          const labels = mostLikely(predicted, classes);
          return [
            share("accuracy", accuracy(labels, actual)),
            share("macro F1", macroF1(confusionMatrix(labels, actual, classes))),
          ];
        },
      };
    }
    case "poisson":
      return {
        errorName: "mean deviance",
        errorShort: "deviance",
        errorOf: (predicted, row, y) => poissonDeviance(predicted[row]!, y),
        measures(_, actual, predicted) {
          const mean = actual.reduce((sum, y) => sum + y / actual.length, 0);
          const total = (of: (row: number) => number) =>
            actual.reduce((sum, y, row) => sum + poissonDeviance(of(row), y) / actual.length, 0);
          const none = total(() => mean);
          return [
            share("deviance explained", none > 0 ? 1 - total((row) => predicted[row]!) / none : Number.NaN),
            number("MAE", meanAbsoluteError(predicted, actual)),
          ];
        },
      };
    default:
      return {
        errorName: "mean squared error",
        errorShort: "MSE",
        errorOf: (predicted, row, y) => (predicted[row]! - y) ** 2,
        measures: explained,
      };
  }
}

/** Twice the log-likelihood that is lost against an exact prediction (McCullagh & Nelder, 1989, section 2.3). */
function poissonDeviance(mean: number, y: number): number {
  return 2 * ((y > 0 ? y * Math.log(y / mean) : 0) - (y - mean));
}
