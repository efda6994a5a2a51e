import { applyPipeline, createTable, fitPipeline, type Pipeline, type Schema, type Table } from "@kinship/mtl";
import { tensor } from "@kinship/tensor";
import { type FeatureReader, featureReader, inferredFeatureReader } from "../csv/column-readers.js";
import { findColumn } from "../csv/columns.js";
import type { Delimiter } from "../csv/delimiter.js";
import { readCsv } from "../csv/read.js";
import { InputError, inFile } from "../errors.js";
import type { TrainingData } from "./data.js";
import type { TrainOptions } from "./grammar.js";
import { type ReadLabels, readLabels } from "./labels.js";

/** Columns that a pipeline asks for and deep training has no use for; no header can hold them, as names are trimmed. */
const [taskColumn, targetColumn] = [" task", " target"];

/** How a pipeline reads the columns that `readFeatures` found. */
export const schemaOf = (numeric: readonly string[], categorical: readonly string[]): Schema => ({
  ...{ task: taskColumn, target: targetColumn },
  ...{ numeric, categorical },
});

export interface TableWish {
  /** By name, with the kind where it is known already. */
  readonly features?: readonly { readonly name: string; readonly kind?: "numeric" | "categorical" }[];
  /** Read as texts. */
  readonly texts: readonly { readonly name: string; readonly askedBy: string }[];
  readonly askedBy: string;
  /** How a column that is no feature is left out, where not by --features. */
  readonly leaveOut?: string;
  readonly observe?: { header(columns: readonly string[]): void; record(cells: readonly string[]): void };
}

export interface FeatureTable {
  readonly table: Table;
  readonly numeric: readonly string[];
  readonly categorical: readonly string[];
  readonly texts: ReadonlyMap<string, readonly string[]>;
  readonly lines: readonly number[];
  readonly delimiter: Delimiter;
}

/** Reads features by the rules of every table here, and other columns as they are. */
export async function readFeatures(path: string, wish: TableWish, signal?: AbortSignal): Promise<FeatureTable> {
  let readers: FeatureReader[] = [];
  let at: { readonly name: string; readonly index: number; readonly values: string[] }[] = [];
  let separator: Delimiter = ",";
  const lines: number[] = [];
  await readCsv(
    path,
    {
      header(columns, delimiter) {
        separator = delimiter;
        wish.observe?.header(columns);
        at = wish.texts.map(({ name, askedBy }) => ({
          name,
          index: findColumn(path, columns, name, askedBy),
          values: [],
        }));
        const taken = new Set(at.map(({ name }) => name));
        const chosen = wish.features ?? columns.filter((name) => !taken.has(name)).map((name) => ({ name }));
        if (chosen.length === 0) throw new InputError(`${path} has no feature: every column is a task`);
        readers = chosen.map((feature) => {
          const index = findColumn(path, columns, feature.name, wish.askedBy);
          if (taken.has(feature.name))
            throw new InputError(`${path}: column "${feature.name}" is a task and a feature; leave it out of one`);
          const kind = "kind" in feature ? feature.kind : undefined;
          return kind === undefined
            ? inferredFeatureReader(feature.name, index, delimiter)
            : featureReader(feature.name, index, delimiter, kind);
        });
      },
      record(cells, line) {
        const row = lines.length;
        for (const reader of readers) {
          const problem = reader.read(cells[reader.index]!, row);
          if (problem !== undefined) throw new InputError(`${path}, line ${line}, column "${reader.name}": ${problem}`);
        }
        for (const { index, values } of at) values.push(cells[index]!);
        wish.observe?.record(cells);
        lines.push(line);
      },
    },
    signal,
  );
  for (const reader of readers)
    reader.check((row, problem) => {
      const place = row === undefined ? "" : `, line ${lines[row]}`;
      throw new InputError(`${path}${place}, column "${reader.name}"${problem}`);
    }, wish.leaveOut);
  const table = createTable([
    { name: taskColumn, values: lines.map(() => "all") },
    { name: targetColumn, values: lines.map(() => 0) },
    ...readers.map(({ name, values }) => ({ name, values })),
  ]);
  return {
    table,
    numeric: readers.filter((reader) => !reader.isText()).map(({ name }) => name),
    categorical: readers.filter((reader) => reader.isText()).map(({ name }) => name),
    texts: new Map(at.map(({ name, values }) => [name, values])),
    lines,
    delimiter: separator,
  };
}

/** A table with columns of labels, ready to be split. Features are scaled by the rows that train. */
export async function readTrainingTable(
  path: string,
  options: Pick<TrainOptions, "task" | "taskColumn" | "features">,
  signal: AbortSignal,
): Promise<TrainingData> {
  const { task: wishes, taskColumn: by, features } = options;
  if (wishes.length === 0) throw new InputError(`${path} is a table: name the columns to predict, each with --task`);
  const read = await readFeatures(
    path,
    {
      texts: [
        ...wishes.map(({ name }) => ({ name, askedBy: "--task" })),
        ...(by === undefined ? [] : [{ name: by, askedBy: "--task-column" }]),
      ],
      ...(features && { features: features.map((name) => ({ name })) }),
      askedBy: "--features",
    },
    signal,
  );
  const { table, numeric, categorical, lines, delimiter, texts } = read;
  const where = (row: number) => `${path}, line ${lines[row]}`;
  const groups = by === undefined ? undefined : texts.get(by)!.map((name) => name.trim());
  groups?.forEach((name, row) => {
    if (name === "") throw new InputError(`${where(row)}, column "${by}": the task has no name`);
  });
  const labels = inFile(path, () =>
    wishes.map((wish): ReadLabels => readLabels(wish, texts.get(wish.name)!, delimiter, where)),
  );
  return {
    source: path,
    rows: table.rows,
    labels,
    ...(groups && { groups, groupColumn: by! }),
    prepare(trainRows) {
      const pipeline = inFile(path, () => fitPipeline(table, schemaOf(numeric, categorical), trainRows));
      return {
        input: [pipeline.names.length],
        take: (rows) => inputsOf(pipeline, table, rows),
        reading: { kind: "table", pipeline },
      };
    },
  };
}

/** [rows, features], float32. */
export function inputsOf(pipeline: Pipeline, table: Table, rows: ArrayLike<number>) {
  const { x, features } = applyPipeline(pipeline, table, rows, { target: false });
  return tensor(Float32Array.from(x), { shape: [rows.length, features] });
}
