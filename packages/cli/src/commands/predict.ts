import { readFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { deserialize, type LinearModel, nodeNames, predict as predictTable } from "@kinship/mtl";
import { readTable } from "../csv/table.js";
import { csvLine } from "../csv/write.js";
import { describeFileError, InputError, inFile, listNames } from "../errors.js";
import { checkWritableFolder, writeFiles } from "../files/atomic.js";
import type { Surroundings } from "../io.js";
import type { PredictOptions } from "../program.js";
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
    const column = `predicted_${pipeline.target}`;
    const lines: string[] = [];
    progress.show({ stage: `reading ${basename(path)}`, done: 0, total: 1 });
    const { table } = await readTable(
      path,
      {
        task: pipeline.task,
        features: pipeline.features.map(({ column, kind }) => ({ name: column, kind })),
        askedBy: { task: basename(modelPath), target: "", features: basename(modelPath) },
        observe: {
          header: (columns) => {
            if (columns.includes(column)) {
              throw new InputError(`${path} has a column "${column}" already; rename it, or leave it out`);
            }
            lines.push(csvLine([...columns, column]));
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
    const predicted = inFile(path, () => predictTable(model, table, { parents }));
    const text = lines.map((line, row) => (row === 0 ? line : `${line.slice(0, -1)},${predicted[row - 1]}\n`)).join("");
    signal.throwIfAborted();
    progress.stop();
    if (out === undefined) output.write(text);
    else {
      const [written] = await writeFiles(dirname(out), { [basename(out)]: text }, signal);
      output.write(`${whole(table.rows)} predictions of ${pipeline.target}: ${written}\n`);
    }
    const orphans = strangers.filter((task) => !parents.has(task));
    if (orphans.length > 0) {
      const { root } = model.kinship;
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
