import { InputError } from "../errors.js";
import { type Cell, type Column, isMissing } from "./table.js";

const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** The finite number that a cell holds or spells, or NaN. */
export function numberOf(cell: Cell): number {
  if (typeof cell === "number") return Number.isFinite(cell) ? cell : Number.NaN;
  if (typeof cell !== "string") return Number.NaN;
  const text = cell.trim();
  const value = decimal.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : Number.NaN;
}

/** A cell as it stands in messages. */
export function show(cell: Cell): string {
  return typeof cell === "string" ? JSON.stringify(cell) : String(cell);
}

/** Rows are counted from 1 in messages, the header not counted. */
export function place(column: string, row: number, task?: string): string {
  return `${task === undefined ? "" : `task "${task}", `}row ${row + 1}, column "${column}"`;
}

/** The category a cell names: numbers by their digits, texts without surrounding blanks. */
export function labelOf(cell: Cell): string {
  return String(cell).trim();
}

/** The task of each row. @throws InputError at a row that names none. */
export function taskLabels(column: Column, caller: string): string[] {
  return Array.from(column.values, (cell, row) => {
    if (isMissing(cell) || (typeof cell === "number" && !Number.isFinite(cell))) {
      throw new InputError(`${caller}: ${place(column.name, row)} names no task, it is ${show(cell)}; drop the row`);
    }
    return labelOf(cell);
  });
}

/** Rows by task, tasks in the order of their first row. */
export function groupRows(labels: readonly string[]): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  for (const [row, label] of labels.entries()) {
    const group = groups.get(label);
    if (group === undefined) groups.set(label, [row]);
    else group.push(row);
  }
  return groups;
}
