import { createRandom } from "@kinship/mtl";
import { InputError } from "../errors.js";
import type { ModelTask, TrainingData } from "./data.js";

export interface RowSplit {
  readonly train: Int32Array;
  readonly validation: Int32Array;
  readonly test: Int32Array;
}

/** Draws the parts at random, of each group of rows alike. @throws InputError where a task keeps too few labels. */
export function splitTrainingRows(
  data: TrainingData,
  tasks: readonly ModelTask[],
  { validation, test, seed }: { readonly validation: number; readonly test: number; readonly seed: number },
): RowSplit {
  const random = createRandom(seed);
  const groups = new Map<string, number[]>();
  for (let row = 0; row < data.rows; row++) {
    const group = data.groups?.[row] ?? "";
    const known = groups.get(group);
    if (known) known.push(row);
    else groups.set(group, [row]);
  }
  const parts = { train: [] as number[], validation: [] as number[], test: [] as number[] };
  for (const [group, rows] of groups) {
    if (rows.length < 3)
      throw new InputError(
        `${data.source}: ${group === "" ? "there are" : `${data.groupColumn} ${group} has`} ${rows.length} rows; at least three are needed, to train, to validate and to test on`,
      );
    for (let k = rows.length - 1; k > 0; k--) {
      const other = Math.floor(random() * (k + 1));
      [rows[k], rows[other]] = [rows[other]!, rows[k]!];
    }
    const tested = Math.min(rows.length - 2, Math.max(1, Math.round(test * rows.length)));
    const validated = Math.min(rows.length - 1 - tested, Math.max(1, Math.round(validation * rows.length)));
    parts.test.push(...rows.slice(0, tested));
    parts.validation.push(...rows.slice(tested, tested + validated));
    parts.train.push(...rows.slice(tested + validated));
  }
  const sorted = (rows: readonly number[]) => Int32Array.from(rows).sort();
  const split = { train: sorted(parts.train), validation: sorted(parts.validation), test: sorted(parts.test) };
  requireLabels(data, tasks, split);
  return split;
}

function requireLabels(data: TrainingData, tasks: readonly ModelTask[], split: RowSplit): void {
  for (const { name, label, group } of tasks) {
    const { values } = data.labels.find((labels) => labels.name === label)!;
    for (const [part, rows] of Object.entries(split) as [keyof RowSplit, Int32Array][]) {
      const own = group === undefined ? rows : rows.filter((row) => data.groups![row] === group);
      if (own.every((row) => Number.isNaN(values[row])))
        throw new InputError(
          `${data.source}: task "${name}" has no label among the ${own.length} ${part} rows; give it more labels, a larger share, or another --seed`,
        );
    }
  }
}
