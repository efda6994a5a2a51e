import type { Dataset, Pipeline } from "@kinship/mtl";
import { type Tensor, tensor } from "@kinship/tensor";
import { InputError } from "../errors.js";
import type { FoundTask, ReadLabels } from "./labels.js";

/** How inputs are made from files: saved with the model, for `predict`. */
export type Reading =
  | { readonly kind: "table"; readonly pipeline: Pipeline }
  | { readonly kind: "images"; readonly channels: 1 | 3; readonly height: number; readonly width: number };

export interface TrainingData {
  readonly source: string;
  readonly rows: number;
  readonly labels: readonly ReadLabels[];
  /** The task of each row, where rows belong to tasks. */
  readonly groups?: readonly string[];
  readonly groupColumn?: string;
  /** What may only be learned from rows that train. */
  prepare(trainRows: Int32Array): PreparedData;
}

export interface PreparedData {
  /** The shape of one example. */
  readonly input: readonly number[];
  take(rows: Int32Array): Tensor;
  readonly reading: Reading;
}

/** A task of the model: where its labels stand, and whose rows they are. */
export interface ModelTask extends FoundTask {
  /** The column of labels. */
  readonly label: string;
  /** The rows' task, where rows belong to tasks. */
  readonly group?: string;
}

/** One task a column of labels, or one for each of those and each group of rows, in the order of the model's heads. */
export function tasksOf(data: TrainingData): ModelTask[] {
  // Objects have whole numbers among their keys first: a school may be named 12.
  return Object.values(Object.fromEntries(listTasks(data).map((task) => [task.name, task])));
}

function listTasks({ labels, groups, groupColumn }: TrainingData): ModelTask[] {
  if (!groups) return labels.map(({ name, kind, classes }) => ({ name, kind, classes, label: name }));
  const names = [...new Set(groups)];
  if (names.length < 2)
    throw new InputError(`column "${groupColumn}" holds one task only (${names[0]}); leave --task-column out`);
  return labels.flatMap(({ name: label, kind, classes }) =>
    names.map((group) => ({ name: labels.length === 1 ? group : `${group}: ${label}`, kind, classes, label, group })),
  );
}

export type Parts = Readonly<Record<"train" | "validation" | "test", Dataset>>;

/** The rows of each part as the library reads them: shared by the tasks, or each group's own. */
export function datasetOf(
  data: TrainingData,
  prepared: PreparedData,
  tasks: readonly ModelTask[],
  rows: Int32Array,
): Dataset {
  const inputs = new Map<string | undefined, { readonly rows: Int32Array; readonly x: Tensor }>();
  return Object.fromEntries(
    tasks.map(({ name, label, group }) => {
      if (!inputs.has(group)) {
        const own = group === undefined ? rows : rows.filter((row) => data.groups![row] === group);
        inputs.set(group, { rows: own, x: prepared.take(own) });
      }
      const { rows: own, x } = inputs.get(group)!;
      const { values } = data.labels.find((labels) => labels.name === label)!;
      return [name, { x, y: tensor(Float64Array.from(own, (row) => values[row]!)) }];
    }),
  );
}
