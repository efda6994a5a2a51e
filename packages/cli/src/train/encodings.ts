import { applyPipeline, fitPipeline } from "@kinship/mtl";
import { InputError, inFile, listNames } from "../errors.js";
import type { ModelTask, TrainingData } from "./data.js";
import type { TrainOptions } from "./grammar.js";
import { readFeatures, schemaOf } from "./table.js";

/** A vector for each task, by its name: what `film` reads. */
export type Encodings = Readonly<Record<string, readonly number[]>>;

/** The column of `--tasks` that names the tasks where they are columns of the data. */
const keyOfColumns = "task";

/**
 * What describes each task: its row of `--tasks`, numbers standardised and texts a column a level; where no file is
 * given, which task it is. Tasks of one group of rows share its row, and several labels of it are told apart.
 * @throws InputError for a task without a row, or with two.
 */
export async function encodingsFor(
  tasks: readonly ModelTask[],
  { groupColumn, labels }: TrainingData,
  { tasks: path }: Pick<TrainOptions, "tasks">,
  signal: AbortSignal,
): Promise<Encodings> {
  if (path === undefined)
    return record(tasks, ({ name }) =>
      oneHot(
        tasks.map((task) => task.name),
        name,
      ),
    );
  const key = groupColumn ?? keyOfColumns;
  const { table, numeric, categorical, texts, lines } = await readFeatures(
    path,
    {
      texts: [{ name: key, askedBy: groupColumn === undefined ? "--tasks" : "--task-column" }],
      askedBy: "--tasks",
      leaveOut: "leave it out of the file",
    },
    signal,
  );
  const rows = new Map<string, number>();
  for (const [row, text] of texts.get(key)!.entries()) {
    const name = text.trim();
    const before = rows.get(name);
    if (before !== undefined)
      throw new InputError(`${path}, line ${lines[row]}: "${name}" is described on line ${lines[before]} already`);
    rows.set(name, row);
  }
  const described = ({ group, label }: ModelTask) => group ?? label;
  const missing = [...new Set(tasks.map(described))].filter((name) => !rows.has(name));
  if (missing.length > 0)
    throw new InputError(`${path}: no row describes ${listNames(missing)}; give each task one, by column "${key}"`);
  const used = [...new Set(tasks.map((task) => rows.get(described(task))!))];
  return inFile(path, () => {
    const pipeline = fitPipeline(table, schemaOf(numeric, categorical), used);
    const { x, features } = applyPipeline(pipeline, table, used, { target: false });
    return record(tasks, (task) => {
      const at = used.indexOf(rows.get(described(task))!) * features;
      const own = Array.from(x.slice(at, at + features));
      const several = task.group !== undefined && labels.length > 1;
      return several
        ? [
            ...own,
            ...oneHot(
              labels.map(({ name }) => name),
              task.label,
            ),
          ]
        : own;
    });
  });
}

const oneHot = (names: readonly string[], name: string): number[] => names.map((other) => Number(other === name));

const record = (tasks: readonly ModelTask[], value: (task: ModelTask) => readonly number[]): Encodings =>
  Object.fromEntries(tasks.map((task) => [task.name, value(task)]));
