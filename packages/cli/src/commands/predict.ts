import { readFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import {
  deserialize,
  type Feature,
  type LinearModel,
  lossOf,
  nodeNames,
  predict as predictTable,
  type Table,
} from "@kinship/mtl";
import { readTable } from "../csv/table.js";
import { csvLine } from "../csv/write.js";
import { describeFileError, InputError, inFile, listNames } from "../errors.js";
import { checkWritableFolder, writeFiles } from "../files/atomic.js";
import type { Surroundings } from "../io.js";
import type { PredictOptions } from "../program.js";
import { readDescriptors } from "../relations/descriptors.js";
import { readParents } from "../relations/tree.js";
import { count, whole } from "../report/words.js";
import { progressDisplay } from "../show/progress.js";

/** Writes the rows of a table with one more column, what the model predicts. */
export async function predict(
  modelPath: string,
  path: string,
  { out, tasks, parent }: PredictOptions,
  { output, error, signal }: Surroundings,
): Promise<void> {
  const progress = progressDisplay(error);
  try {
    if (out !== undefined) await checkWritableFolder(dirname(out));
    const { model, pipeline } = await readModel(modelPath, signal);
    const columns = predictedColumns(model, pipeline);
    const lines: string[] = [];
    progress.show({ stage: `reading ${basename(path)}`, done: 0, total: 1 });
    const { table } = await readTable(
      path,
      {
        task: pipeline.task,
        features: pipeline.features.map(({ column, kind }) => ({ name: column, kind })),
        askedBy: { task: basename(modelPath), target: "", features: basename(modelPath) },
        observe: {
          header: (names) => {
            const taken = columns.find((column) => names.includes(column));
            if (taken !== undefined) {
              throw new InputError(`${path} has a column "${taken}" already; rename it, or leave it out`);
            }
            lines.push(csvLine([...names, ...columns]));
          },
          record: (cells) => lines.push(csvLine(cells)),
        },
      },
      signal,
    );
    const strangers = unseenTasks(model, table.columns[0]!.values as ArrayLike<string>);
    const parents = new Map<string, string>();
    if (tasks !== undefined && parent !== undefined) {
      const { parents: named } = await readParents(tasks, pipeline.task, parent, signal);
      for (const task of strangers) if (named.get(task)) parents.set(task, named.get(task)!);
    }
    const told = { model, pipeline, modelPath, strangers: strangers.filter((task) => !parents.has(task)) };
    const descriptors = await descriptorsIn(tasks, told, signal);
    const given = { parents, ...(descriptors && { descriptors }) };
    const predicted = inFile(path, () => predictTable(model, table, given));
    const cells = cellsOf(predicted, model, pipeline);
    const text = lines
      .map((line, row) => (row === 0 ? line : `${line.slice(0, -1)},${csvLine(cells(row - 1))}`))
      .join("");
    signal.throwIfAborted();
    progress.stop();
    if (out === undefined) output.write(text);
    else {
      const [written] = await writeFiles(dirname(out), { [basename(out)]: text }, signal);
      output.write(`${whole(table.rows)} predictions of ${pipeline.target}: ${written}\n`);
    }
    const { root } = model.kinship;
    const orphans = root === null ? [] : strangers.filter((task) => !parents.has(task));
    if (orphans.length > 0) {
      error.write(
        `note: the model has not seen ${count(orphans.length, pipeline.task)} (${listNames(orphans)}); ` +
          `predicted by what all have in common, ${root}\n`,
      );
    }
  } finally {
    progress.stop();
  }
}

type Pipeline = NonNullable<LinearModel["pipeline"]>;

/** Labels come with the probability of each. */
function predictedColumns({ loss }: LinearModel, { target, labels }: Pipeline): string[] {
  const classes = labels ?? (lossOf(loss).outputs > 1 ? Array.from({ length: lossOf(loss).outputs }, (_, c) => c) : []);
  return [`predicted_${target}`, ...classes.map((label) => `probability_${label}`)];
}

/** What is written behind each row. */
function cellsOf(predicted: Float64Array, { loss }: LinearModel, { labels }: Pipeline): (row: number) => string[] {
  const { outputs } = lossOf(loss);
  const classes = labels ?? Array.from({ length: outputs }, (_, c) => String(c));
  return (row) => {
    if (outputs === 1 && labels === null) return [String(predicted[row])];
    const own = predicted.subarray(row * outputs, (row + 1) * outputs);
    const probabilities = outputs === 1 ? [1 - own[0]!, own[0]!] : Array.from(own);
    const likeliest = probabilities.indexOf(Math.max(...probabilities));
    return [classes[likeliest]!, ...probabilities.map(String)];
  };
}

/** The descriptors of tasks that the model has not seen, where it was fitted with interactions, or ties tasks by them. */
async function descriptorsIn(
  path: string | undefined,
  { model, pipeline, modelPath, strangers }: Strangers,
  signal: AbortSignal,
): Promise<Table | null> {
  const { descriptors: kin } = model.kinship;
  const kinds = new Map<string, Feature["kind"]>();
  for (const described of [pipeline.interactions, kin]) {
    for (const { column, kind } of described?.features ?? []) kinds.set(column, kind);
  }
  const missing = kin === undefined ? [] : strangers.filter((task) => !kin.tasks.includes(task));
  const lacks = (where: string, names: readonly string[]) =>
    new InputError(
      `${where} ${pipeline.task} ${listNames(names)}, which the model has not seen; it predicts such by what describes them: ` +
        `give each a row in --tasks FILE, with the columns ${[pipeline.task, ...kinds.keys()].join(", ")}`,
    );
  if (path === undefined) {
    if (missing.length > 0) throw lacks(`${basename(modelPath)} knows no row for`, missing);
    return null;
  }
  if (kinds.size === 0 || strangers.length === 0) return null;
  const columns = Array.from(kinds, ([name, kind]) => ({ name, kind }));
  const asked = { task: basename(modelPath), features: basename(modelPath) };
  const { table } = await readDescriptors(path, pipeline.task, columns, asked, signal);
  const rows = new Set(Array.from(table.columns[0]!.values, String));
  const absent = missing.filter((task) => !rows.has(task));
  if (absent.length > 0) throw lacks(`${path} has no row for`, absent);
  return table;
}

interface Strangers {
  readonly model: LinearModel;
  readonly pipeline: Pipeline;
  readonly modelPath: string;
  readonly strangers: readonly string[];
}

async function readModel(path: string, signal: AbortSignal): Promise<{ model: LinearModel; pipeline: Pipeline }> {
  const text = await readFile(path, { encoding: "utf8", signal }).catch((error: unknown) => {
    throw describeFileError(error, "read", path);
  });
  return inFile(path, () => {
    const model = deserialize(text);
    if (model.pipeline === null) {
      throw new InputError("the model was fitted on numbers, not on a table, so its columns have no names");
    }
    return { model, pipeline: model.pipeline };
  });
}

function unseenTasks(model: LinearModel, tasks: ArrayLike<string>): string[] {
  const known = new Set(nodeNames(model));
  const unseen = new Set<string>();
  for (let row = 0; row < tasks.length; row += 1) if (!known.has(tasks[row]!)) unseen.add(tasks[row]!);
  return [...unseen];
}
