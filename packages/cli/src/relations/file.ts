import { graphKinship, type KinshipBuilder, matrixKinship } from "@kinship/mtl";
import type { Delimiter } from "../csv/delimiter.js";
import { parseNumber } from "../csv/number.js";
import { readCsv } from "../csv/read.js";
import { InputError, inFile, listNames } from "../errors.js";

export interface RelationFile {
  readonly kind: "graph" | "matrix";
  readonly builder: KinshipBuilder;
  /** Of a graph; those of weight 0 left out. */
  readonly edges?: readonly (readonly [string, string, number])[];
}

/**
 * Reads `--kinship FILE`. The header tells the two kinds apart: a graph has three columns, the last named `weight`
 * (task, task, weight); a matrix has one column a task, named so, and as many rows in the same order, with or without
 * a first column that names the rows. Every error names the file, and the line where there is one.
 */
export async function readRelation(
  path: string,
  tasks: readonly string[],
  signal?: AbortSignal,
): Promise<RelationFile> {
  let reader: RelationReader | undefined;
  await readCsv(
    path,
    {
      header: (columns, delimiter) => {
        const isGraph = columns.length === 3 && columns[2]!.toLowerCase() === "weight";
        reader = (isGraph ? graphReader : matrixReader)({ path, columns, tasks, known: new Set(tasks), delimiter });
      },
      record: (cells, line) => reader!.record(cells, line),
    },
    signal,
  );
  return reader!.finish();
}

interface RelationReader {
  record(cells: readonly string[], line: number): void;
  finish(): RelationFile;
}

interface Source {
  readonly path: string;
  readonly columns: readonly string[];
  readonly tasks: readonly string[];
  readonly known: ReadonlySet<string>;
  readonly delimiter: Delimiter;
}

function graphReader({ path, known, delimiter }: Source): RelationReader {
  const edges: (readonly [string, string, number])[] = [];
  const seen = new Map<string, number>();
  return {
    record(cells, line) {
      const fail = (problem: string): never => {
        throw new InputError(`${path}, line ${line}: ${problem}`);
      };
      const [a, b] = [cells[0]!.trim(), cells[1]!.trim()];
      for (const name of [a, b]) if (!known.has(name)) fail(`"${name}" is no task of the data`);
      const weight = parseNumber(cells[2]!, delimiter);
      if (typeof weight === "string") return fail(`the weight cannot be used: ${weight}`);
      if (weight < 0) fail(`the weight is ${weight}; an edge needs a weight of 0 or more`);
      if (a === b) fail(`the edge joins "${a}" with itself`);
      const pair = JSON.stringify([a, b].sort());
      if (seen.has(pair)) fail(`the same edge as on line ${seen.get(pair)}; give each pair of tasks once`);
      seen.set(pair, line);
      edges.push([a, b, weight]);
    },
    finish: () => ({
      kind: "graph",
      builder: graphKinship({ edges }),
      edges: edges.filter(([, , weight]) => weight > 0),
    }),
  };
}

function matrixReader({ path, columns, tasks, known, delimiter }: Source): RelationReader {
  const first = known.has(columns[0]!) ? 0 : 1;
  const order = columns.slice(first);
  const unknown = order.filter((name) => !known.has(name));
  if (unknown.length > 0 || order.length === 0) {
    throw new InputError(
      `${path}, line 1: ${listNames(unknown.length > 0 ? unknown : columns)} in the header is no task of the data; ` +
        'expected edges (three columns: task, task, and one named "weight") or a square matrix with the tasks as header',
    );
  }
  const absent = tasks.filter((name) => !order.includes(name));
  if (absent.length > 0) {
    throw new InputError(
      `${path}: K has the wrong size, ${order.length} columns for ${tasks.length} tasks; missing: ${listNames(absent)}`,
    );
  }
  const rows: number[][] = [];
  return {
    record(cells, line) {
      const task = order[rows.length];
      if (task === undefined) {
        throw new InputError(`${path}, line ${line}: K is not square, a row follows the ${order.length} columns' own`);
      }
      if (first === 1 && cells[0]!.trim() !== task) {
        throw new InputError(
          `${path}, line ${line}: the row of "${cells[0]!.trim()}" where the header has "${task}"; ` +
            "rows and columns must have the tasks in the same order",
        );
      }
      rows.push(
        cells.slice(first).map((cell, column) => {
          const value = parseNumber(cell, delimiter);
          if (typeof value === "number") return value;
          throw new InputError(`${path}, line ${line}, column "${order[column]}": ${value}`);
        }),
      );
    },
    finish() {
      if (rows.length !== order.length) {
        throw new InputError(`${path}: K is not square, ${rows.length} rows and ${order.length} columns`);
      }
      const place = tasks.map((name) => order.indexOf(name));
      const matrix = place.map((row) => place.map((column) => rows[row]![column]!));
      return { kind: "matrix", builder: inFile(path, () => matrixKinship(matrix)) };
    },
  };
}
