import { InputError } from "../errors.js";
import { groupRows, taskLabels } from "./cells.js";
import { createRandom, shuffle } from "./random.js";
import { columnNamed, type Table } from "./table.js";

/** Rows of a table by their indices, ascending. */
export interface Split {
  readonly train: Int32Array;
  readonly test: Int32Array;
}

export interface SplitOptions {
  /** The column that names each row's task. */
  readonly task: string;
  /** The share of each task's rows to test on, in [0, 1). */
  readonly test: number;
  readonly seed?: number;
}

/**
 * Draws the share of each task's rows. Every task keeps a training row, and, if it has two rows and
 * `test` > 0, a test row. The same seed gives the same split.
 */
export function splitWithinTasks(table: Table, { task, test, seed = 0 }: SplitOptions): Split {
  if (!(test >= 0 && test < 1)) {
    throw new InputError(`splitWithinTasks: test must be a share in [0, 1), not ${test}; .25 tests on a quarter`);
  }
  const labels = taskLabels(columnNamed(table, task, "splitWithinTasks"), "splitWithinTasks");
  const random = createRandom(seed);
  const train: number[] = [];
  const held: number[] = [];
  for (const group of groupRows(labels).values()) {
    const rows = Int32Array.from(group);
    shuffle(rows, random);
    const most = test > 0 ? Math.max(1, rows.length - 1) : rows.length;
    const count = Math.min(most, Math.max(1, Math.round((1 - test) * rows.length)));
    train.push(...rows.subarray(0, count));
    held.push(...rows.subarray(count));
  }
  return { train: Int32Array.from(train).sort(), test: Int32Array.from(held).sort() };
}

/** A split published as the list of its test rows, zero-based: all other rows train. */
export function splitByTestRows(table: Table, testRows: ArrayLike<number>): Split {
  const held = new Uint8Array(table.rows);
  for (const row of Array.from(testRows)) {
    if (!Number.isInteger(row) || row < 0 || row >= table.rows) {
      throw new InputError(`splitByTestRows: the table has rows 0 to ${table.rows - 1}, and ${row} is none of them`);
    }
    if (held[row] === 1) throw new InputError(`splitByTestRows: row ${row} is listed twice`);
    held[row] = 1;
  }
  const all = Int32Array.from({ length: table.rows }, (_, row) => row);
  return { train: all.filter((row) => held[row] === 0), test: all.filter((row) => held[row] === 1) };
}
