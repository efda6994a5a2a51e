import { createTable, type Table } from "@kinship/mtl";
import { InputError } from "../errors.js";
import {
  type ColumnReader,
  type FeatureReader,
  featureReader,
  inferredFeatureReader,
  labelReader,
  targetReader,
  taskReader,
} from "./column-readers.js";
import { findColumn } from "./columns.js";
import { readCsv } from "./read.js";

/** The columns to take, each with the option or the file that asks for it (for messages). */
export interface WantedColumns {
  readonly task: string;
  /** Must be there in every row; absent when predicting. */
  readonly target?: string;
  /** What the target is: a number, unless given, or a label. */
  readonly targetKind?: "number" | "label";
  /** All other columns when absent. */
  readonly features?: readonly WantedFeature[];
  /** Sees every line as it is, all columns. */
  readonly observe?: { header(columns: readonly string[]): void; record(cells: readonly string[]): void };
  readonly askedBy: { readonly task: string; readonly target: string; readonly features: string };
}

export interface WantedFeature {
  readonly name: string;
  /** Decided by the cells when absent. */
  readonly kind?: "numeric" | "categorical";
}

export interface CsvTable {
  readonly path: string;
  readonly table: Table;
  readonly numeric: readonly string[];
  readonly categorical: readonly string[];
  /** The line of the file on which each row ends. */
  readonly lines: readonly number[];
}

/**
 * Reads the wanted columns. Tasks are texts, the target is finite numbers, a feature is all numbers or all texts
 * (empty cells and NA aside, which are missing); a cell that breaks this is an error with its line and task.
 */
export async function readTable(path: string, wanted: WantedColumns, signal?: AbortSignal): Promise<CsvTable> {
  let task: ColumnReader | undefined;
  let target: ColumnReader | undefined;
  let features: FeatureReader[] = [];
  const lines: number[] = [];
  await readCsv(
    path,
    {
      header: (columns, delimiter) => {
        const { askedBy } = wanted;
        wanted.observe?.header(columns);
        const at = (name: string, asked: string): number => findColumn(path, columns, name, asked);
        const taskColumn = at(wanted.task, askedBy.task);
        const targetColumn = wanted.target === undefined ? -1 : at(wanted.target, askedBy.target);
        const others = columns.filter((_, column) => column !== taskColumn && column !== targetColumn);
        const chosen: readonly WantedFeature[] = wanted.features ?? others.map((name) => ({ name }));
        if (chosen.length === 0) {
          throw new InputError(`${path} has no feature: it has no column beside the task and the target`);
        }
        task = taskReader(columns[taskColumn]!, taskColumn);
        const readerOf = wanted.targetKind === "label" ? labelReader : targetReader;
        if (targetColumn >= 0) target = readerOf(columns[targetColumn]!, targetColumn, delimiter);
        features = chosen.map(({ name, kind }) => {
          const column = at(name, askedBy.features);
          return kind === undefined
            ? inferredFeatureReader(name, column, delimiter)
            : featureReader(name, column, delimiter, kind);
        });
      },
      record: (cells, line) => {
        const row = lines.length;
        const place = (column: string): string => {
          const name = cells[task!.index]!.trim();
          return `${path}, line ${line} (${wanted.task} ${name}, row ${row + 1}), column "${column}"`;
        };
        for (const reader of [task, target, ...features]) {
          const problem = reader?.read(cells[reader.index]!, row);
          if (problem !== undefined) throw new InputError(`${place(reader!.name)}: ${problem}`);
        }
        wanted.observe?.record(cells);
        lines.push(line);
      },
    },
    signal,
  );
  const name = (row: number): string => String(task!.values[row]);
  for (const feature of features) {
    feature.check((row, problem) => {
      const place = row === undefined ? "" : `, line ${lines[row]} (${wanted.task} ${name(row)}, row ${row + 1})`;
      throw new InputError(`${path}${place}, column "${feature.name}"${problem}`);
    });
  }
  const readers: ColumnReader[] = target === undefined ? [task!, ...features] : [task!, target, ...features];
  return {
    path,
    table: createTable(readers.map(({ name, values }) => ({ name, values }))),
    numeric: features.filter(({ isText }) => !isText()).map(({ name }) => name),
    categorical: features.filter(({ isText }) => isText()).map(({ name }) => name),
    lines,
  };
}
