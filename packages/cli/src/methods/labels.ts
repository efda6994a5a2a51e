import { type Cell, huber, type Loss, logistic, multinomial, poisson, type Split, squared } from "@kinship/mtl";
import type { CsvTable } from "../csv/table.js";
import { InputError, listNames } from "../errors.js";
import type { LossName } from "../program.js";

export const isClassification = (loss: LossName): boolean => loss === "logistic" || loss === "multinomial";

/** More labels than this are numbers or names, not classes. */
const mostLabels = 100;

/**
 * The labels of a target, in order: numbers by size, texts by code units. Null where the loss takes numbers.
 * @throws InputError with the line of a label that the loss does not take
 */
export function labelsOf(data: CsvTable, task: string, target: string, loss: LossName): string[] | null {
  const [tasks, values] = data.table.columns.map((column) => column.values) as [ArrayLike<Cell>, ArrayLike<Cell>];
  const fail = (row: number, problem: string): never => {
    const place = `${data.path}, line ${data.lines[row]} (${task} ${tasks[row]}, row ${row + 1})`;
    throw new InputError(`${place}, column "${target}": ${problem}`);
  };
  if (loss === "poisson") {
    const negative = Array.from(values).findIndex((value) => Number(value) < 0);
    if (negative >= 0) fail(negative, `${values[negative]} is below 0; the poisson loss takes counts`);
  }
  if (!isClassification(loss)) return null;
  const labels = [...new Set(Array.from(values, String))];
  const numeric = labels.every((label) => Number.isFinite(Number(label)));
  labels.sort(numeric ? (a, b) => Number(a) - Number(b) : undefined);
  if (labels.length < 2) {
    throw new InputError(`${data.path}: every row has the same "${target}", ${labels[0]}, so nothing can be learned`);
  }
  if (loss === "logistic") {
    const odd = Array.from(values, String).findIndex((label) => numeric && label !== "0" && label !== "1");
    if (odd >= 0) fail(odd, `${values[odd]} is no label of the logistic loss, which takes 0 and 1, or two texts`);
    if (labels.length > 2) {
      throw new InputError(
        `${data.path}: "${target}" has ${labels.length} labels (${listNames(labels)}); the logistic loss takes two, use --loss multinomial`,
      );
    }
  }
  if (labels.length > mostLabels) {
    throw new InputError(
      `${data.path}: "${target}" has ${labels.length} different labels, and at most ${mostLabels} are learned; use --loss squared for numbers`,
    );
  }
  return labels;
}

/** Efficiency of 95% under normal errors (Huber, Robust statistics, 1981). */
const huberConstant = 1.345;
/** The median absolute deviation of normal values, in standard deviations. */
const normalDeviation = 0.6744897501960817;

export function lossFor(name: LossName, { table }: CsvTable, { train }: Split, labels: readonly string[] | null): Loss {
  switch (name) {
    case "squared":
      return squared();
    case "logistic":
      return logistic();
    case "multinomial":
      return multinomial({ classes: labels!.length });
    case "poisson":
      return poisson();
    case "huber": {
      const [tasks, target] = table.columns.map(({ values }) => values);
      return huber({ threshold: huberThreshold(tasks!, target!, train) });
    }
  }
}

/** 1.345 robust standard deviations of the target within tasks. */
function huberThreshold(tasks: ArrayLike<Cell>, target: ArrayLike<Cell>, train: ArrayLike<number>): number {
  const byTask = new Map<Cell, number[]>();
  for (const row of Array.from(train)) {
    const values = byTask.get(tasks[row]) ?? [];
    values.push(Number(target[row]));
    byTask.set(tasks[row], values);
  }
  const deviations = [...byTask.values()].flatMap((values) => {
    const centre = median(values);
    return values.map((value) => Math.abs(value - centre));
  });
  const typical = median(deviations) || deviations.reduce((sum, value) => sum + value / deviations.length, 0);
  return (huberConstant * typical) / normalDeviation || 1;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return sorted[Math.floor(middle)]! / 2 + sorted[Math.ceil(middle)]! / 2;
}
