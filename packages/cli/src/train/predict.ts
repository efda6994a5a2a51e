import { basename, dirname } from "node:path";
import { predictTasks, takeRows } from "@kinship/mtl";
import type { Tensor } from "@kinship/tensor";
import { compile } from "@kinship/tensor/compile";
import { csvLine } from "../csv/write.js";
import { InputError, listNames } from "../errors.js";
import { checkWritableFolder, writeFiles } from "../files/atomic.js";
import type { Surroundings } from "../io.js";
import type { PredictOptions } from "../program.js";
import { whole } from "../report/words.js";
import { progressDisplay } from "../show/progress.js";
import type { ModelTask } from "./data.js";
import { type ImageFormat, listImages, readImage, stackImages } from "./images.js";
import { readTrainedModel, type StoredModel } from "./model-file.js";
import { inputsOf, readFeatures } from "./table.js";

interface Rows {
  readonly x: Tensor;
  readonly columns: readonly string[];
  readonly cells: readonly (readonly string[])[];
  /** The task of each row, where rows belong to tasks. */
  readonly groups?: readonly string[];
}

/** Writes rows, or names of images, with what a trained model says of them. */
export async function predictTrained(
  modelPath: string,
  path: string,
  options: PredictOptions,
  { output, error, signal }: Surroundings,
): Promise<void> {
  const progress = progressDisplay(error);
  try {
    const { out } = options;
    if (options.tasks !== undefined || options.parent !== undefined)
      throw new InputError("--tasks and --parent are for models of kinship fit; this one was written by kinship train");
    if (out !== undefined) await checkWritableFolder(dirname(out));
    const model = await readTrainedModel(modelPath, signal);
    progress.show({ stage: `reading ${basename(path)}`, done: 0, total: 1 });
    const rows =
      model.reading.kind === "table"
        ? await readRows(path, modelPath, model, signal)
        : await readImages(path, model.reading, signal);
    const predicted = predictRows(model, rows, path);
    for (const { name } of predicted)
      if (rows.columns.includes(name))
        throw new InputError(`${path} has a column "${name}" already; rename it, or leave it out`);
    const lines = [
      csvLine([...rows.columns, ...predicted.map(({ name }) => name)]),
      ...rows.cells.map((cells, row) => csvLine([...cells, ...predicted.map(({ values }) => values[row]!)])),
    ];
    signal.throwIfAborted();
    progress.stop();
    const text = lines.join("");
    if (out === undefined) output.write(text);
    else {
      const [written] = await writeFiles(dirname(out), { [basename(out)]: text }, signal);
      output.write(`${whole(rows.cells.length)} predictions: ${written}\n`);
    }
  } finally {
    progress.stop();
  }
}

async function readRows(path: string, modelPath: string, model: StoredModel, signal: AbortSignal): Promise<Rows> {
  const { reading, groupColumn } = model;
  if (reading.kind !== "table") throw new TypeError("a model of images reads no table");
  const cells: string[][] = [];
  let columns: readonly string[] = [];
  const askedBy = basename(modelPath);
  const { table, texts } = await readFeatures(
    path,
    {
      features: reading.pipeline.features.map(({ column, kind }) => ({ name: column, kind })),
      texts: groupColumn === undefined ? [] : [{ name: groupColumn, askedBy }],
      askedBy,
      observe: {
        header: (names) => {
          columns = names;
        },
        record: (record) => void cells.push([...record]),
      },
    },
    signal,
  );
  const all = Int32Array.from(cells, (_, row) => row);
  const groups = groupColumn === undefined ? undefined : texts.get(groupColumn)!.map((name) => name.trim());
  return { x: inputsOf(reading.pipeline, table, all), columns, cells, ...(groups && { groups }) };
}

async function readImages(path: string, format: ImageFormat, signal: AbortSignal): Promise<Rows> {
  const paths = await listImages(path);
  const images = [];
  for (const file of paths) {
    signal.throwIfAborted();
    images.push(await readImage(file, signal));
  }
  return {
    x: stackImages(images, paths, format, "the model's images are"),
    columns: ["file"],
    cells: paths.map((file) => [file]),
  };
}

interface PredictedColumn {
  readonly name: string;
  readonly values: string[];
}

/** One column a label, and beside that of classes the probability of what is predicted. */
function predictRows({ fitted, tasks }: StoredModel, { x, cells, groups }: Rows, path: string): PredictedColumn[] {
  const known = new Set(tasks.map(({ group }) => group));
  const strangers = [...new Set(groups ?? [])].filter((group) => !known.has(group));
  if (strangers.length > 0)
    throw new InputError(
      `${path}: the model has not seen ${listNames(strangers)}, and its heads are each task's own; leave these rows out`,
    );
  const columns = new Map<string, PredictedColumn>();
  const columnNamed = (name: string): PredictedColumn => {
    if (!columns.has(name)) columns.set(name, { name, values: cells.map(() => "") });
    return columns.get(name)!;
  };
  for (const task of tasks) {
    const rows = cells.flatMap((_, row) => (task.group === undefined || groups![row] === task.group ? [row] : []));
    const value = columnNamed(`predicted_${task.label}`);
    const probability = task.kind === "regression" ? undefined : columnNamed(`probability_${task.label}`);
    if (rows.length === 0) continue;
    const input = rows.length === cells.length ? x : takeRows(x, rows);
    const found = predictTasks(fitted, { [task.name]: input }, { wrap: compile })[task.name]!;
    for (const [k, row] of rows.entries()) {
      const said = say(task, found.toTypedArray() as Float32Array, k);
      value.values[row] = said.value;
      if (probability) probability.values[row] = said.probability!;
    }
  }
  return [...columns.values()];
}

/** As precise as float32 is. */
const digits = (value: number): string => String(Number(value.toPrecision(7)));

function say({ kind, classes }: ModelTask, found: Float32Array, row: number) {
  if (kind === "regression") return { value: digits(found[row]!) };
  const count = classes.length;
  const chances =
    kind === "binary" ? [1 - found[row]!, found[row]!] : [...found.subarray(row * count, (row + 1) * count)];
  const best = chances.indexOf(Math.max(...chances));
  return { value: classes[best]!, probability: digits(chances[best]!) };
}
