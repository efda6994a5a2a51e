import { type Measures, mostLikely, type TaskKind, type TrainingComparison } from "@kinship/mtl";
import Table from "cli-table3";
import type { TrainingReport } from "../report/train/data.js";
import { decimal, percent } from "../report/words.js";
import { quiet } from "../show/table.js";
import type { ModelTask } from "./data.js";

/** What measures are called. */
export const measureName: Readonly<Record<string, string>> = {
  accuracy: "accuracy",
  f1: "F1",
  auc: "area under the curve",
  logLoss: "log loss",
  calibrationError: "calibration error",
  r2: "R²",
  mse: "mean squared error",
  mae: "mean absolute error",
};

const sharesOfOne = new Set(["accuracy", "f1", "r2", "calibrationError"]);

export const measured = (measure: string, value: number): string =>
  sharesOfOne.has(measure) ? percent(value, 1) : decimal(value, 4);

/** More tasks than this are in the report alone. */
const mostShown = 20;

/** Each task's main measure on the test rows, and where it was compared, what it reaches alone. */
export function resultTable(
  tasks: readonly ModelTask[],
  kinds: Readonly<Record<string, TaskKind>>,
  measures: Readonly<Record<string, Measures>>,
  comparison: TrainingComparison | undefined,
  colour: boolean,
): string {
  const table = new Table({
    head: ["", "kind", "measure", "test", ...(comparison ? ["alone", "together", "gain", ""] : [])],
    colAligns: ["left", "left", "left", "right", "right", "right", "right", "left"],
    style: { head: [], border: [], compact: true },
    chars: quiet,
  });
  for (const { name, kind } of tasks.slice(0, mostShown)) {
    const { measure } = kinds[name]!.main;
    const row = [name, kind, measureName[measure] ?? measure, measured(measure, measures[name]![measure]!)];
    const found = comparison?.tasks[name];
    if (found) {
      const { single, multi, gain, verdict } = found;
      const word = colour && verdict !== "unclear" ? `\u001b[1m${verdict}\u001b[22m` : verdict;
      row.push(measured(measure, mean(single)), measured(measure, mean(multi)), measured(measure, gain.mean), word);
    }
    table.push(row);
  }
  const more = tasks.length > mostShown ? `and ${tasks.length - mostShown} more, in the report\n` : "";
  const relative = comparison
    ? `Δm ${decimal(comparison.deltaM.mean, 3)}% (${decimal(comparison.deltaM.low, 3)} to ${decimal(comparison.deltaM.high, 3)}): the mean relative gain over learning each task alone, of three seeds\n`
    : "";
  return `${table.toString()}\n${more}${relative}`;
}

/** Over all test rows, whosever they are, one line a column of labels: for many tasks with few rows each. */
export function overall(tasks: readonly ModelTask[], predictions: TrainingReport["predictions"]): string {
  const labels = [...new Set(tasks.map(({ label }) => label))];
  return labels
    .map((label) => {
      const own = tasks.filter((task) => task.label === label);
      const pairs = own.flatMap(({ name, kind, classes }) => {
        const { predicted, actual } = predictions.find(({ task }) => task === name)!;
        const said =
          kind === "multiclass"
            ? mostLikely(predicted, classes.length)
            : kind === "binary"
              ? Array.from(predicted, (p) => Number(p > 0.5))
              : predicted;
        return Array.from(actual, (value, row) => ({ said: said[row]!, value })).filter(
          ({ value }) => !Number.isNaN(value),
        );
      });
      const rows = pairs.length;
      if (own[0]!.kind !== "regression") {
        const right = pairs.filter(({ said, value }) => said === value).length;
        return `${label} of all tasks together: accuracy ${percent(right / rows, 1)}\n`;
      }
      const centre = mean(pairs.map(({ value }) => value));
      const error = mean(pairs.map(({ said, value }) => (said - value) ** 2));
      const spread = mean(pairs.map(({ value }) => (value - centre) ** 2));
      return `${label} of all tasks together: mean squared error ${decimal(error, 4)}, explained variance ${percent(1 - error / spread, 1)} (global: beyond the mean of all rows)\n`;
    })
    .join("");
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
