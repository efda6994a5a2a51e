import { type Cell, isMissing } from "@kinship/mtl";
import type { Delimiter } from "./delimiter.js";
import { parseNumber } from "./number.js";

/** Gathers one column, cell by cell. */
export interface ColumnReader {
  readonly name: string;
  readonly index: number;
  readonly values: Cell[];
  /** Takes a cell, or says what is wrong with it. */
  read(cell: string, row: number): string | undefined;
}

export interface FeatureReader extends ColumnReader {
  isText(): boolean;
  /** What only the whole column shows. A `row` says where; `leaveOut` says how the column is left out. */
  check(fail: (row: number | undefined, problem: string) => never, leaveOut?: string): void;
}

export function taskReader(name: string, index: number): ColumnReader {
  const values: Cell[] = [];
  const intern = new Map<string, string>();
  return {
    name,
    index,
    values,
    read(cell) {
      const text = cell.trim();
      if (text === "") return "the task has no name";
      if (!intern.has(text)) intern.set(text, text);
      values.push(intern.get(text));
      return undefined;
    },
  };
}

export function targetReader(name: string, index: number, delimiter: Delimiter): ColumnReader {
  const values: Cell[] = [];
  return {
    name,
    index,
    values,
    read(cell) {
      const value = parseNumber(cell, delimiter);
      if (typeof value === "string") return value;
      values.push(value);
      return undefined;
    },
  };
}

/** Labels as texts; numbers are written in one way, so that 1 and 1.0 are the same. */
export function labelReader(name: string, index: number, delimiter: Delimiter): ColumnReader {
  const values: Cell[] = [];
  const texts = new Map<string, string>();
  return {
    name,
    index,
    values,
    read(cell) {
      if (isMissing(cell as Cell)) return "the label is missing; drop the row";
      const number = parseNumber(cell, delimiter);
      const text = typeof number === "number" ? String(number) : cell.trim();
      if (!texts.has(text)) texts.set(text, text);
      values.push(texts.get(text));
      return undefined;
    },
  };
}

/** A feature of a known kind: numbers, or texts even where they look like numbers. Empty cells and NA are missing. */
export function featureReader(
  name: string,
  index: number,
  delimiter: Delimiter,
  kind: "numeric" | "categorical",
): FeatureReader {
  const values: Cell[] = [];
  const texts = new Map<string, string>();
  return {
    name,
    index,
    values,
    isText: () => kind === "categorical",
    read(cell) {
      const value = isMissing(cell as Cell) ? null : kind === "numeric" ? parseNumber(cell, delimiter) : cell.trim();
      if (kind === "numeric" && typeof value === "string") return value;
      if (typeof value === "string" && !texts.has(value)) texts.set(value, value);
      values.push(typeof value === "string" ? texts.get(value) : value);
      return undefined;
    },
    check: () => undefined,
  };
}

/** A text column with more different texts than this, and in more than half of its rows, names rows and says nothing. */
const mostLevels = 30;

/** A feature whose kind its cells decide: all of them numbers, or none of them. It must vary. */
export function inferredFeatureReader(name: string, index: number, delimiter: Delimiter): FeatureReader {
  const values: Cell[] = [];
  const texts = new Map<string, string>();
  const first: { number?: number; text?: number } = {};
  let numbers = 0;
  let words = 0;
  return {
    name,
    index,
    values,
    isText: () => words > 0,
    read(cell, row) {
      if (isMissing(cell as Cell)) {
        values.push(null);
        return undefined;
      }
      const value = parseNumber(cell, delimiter);
      if (typeof value === "number") {
        numbers += 1;
        first.number ??= row;
        values.push(value);
        return undefined;
      }
      if (!value.startsWith('"')) return value;
      const text = cell.trim();
      words += 1;
      first.text ??= row;
      if (!texts.has(text)) texts.set(text, text);
      values.push(texts.get(text));
      return undefined;
    },
    check(fail, leaveOut = "leave it out with --features") {
      if (numbers > 0 && words > 0) {
        const odd = numbers >= words ? first.text! : first.number!;
        const others = numbers >= words ? `${numbers} other rows hold numbers` : `${words} other rows hold texts`;
        fail(odd, `: "${values[odd]}" does not fit, ${others}; correct it, or leave it empty if it is missing`);
      }
      if (numbers + words === 0) fail(undefined, ` is empty in every row; ${leaveOut}`);
      if (texts.size > mostLevels && texts.size > words / 2) {
        fail(undefined, ` holds ${texts.size} different texts: it names rows; ${leaveOut}`);
      }
      const present = values.filter((value) => value !== null);
      if (present.length === values.length && present.every((value) => value === present[0])) {
        fail(undefined, ` is constant (${present[0]} in every row), so nothing can be learned; ${leaveOut}`);
      }
    },
  };
}
