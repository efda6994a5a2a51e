import { type Cell, isMissing } from "@kinship/mtl";
import type { Delimiter } from "../csv/delimiter.js";
import { parseNumber } from "../csv/number.js";
import { InputError, listNames } from "../errors.js";
import type { Kind, TaskWish } from "./grammar.js";

/** A task as the data show it. */
export interface FoundTask {
  readonly name: string;
  readonly kind: Kind;
  /** What the labels stand for, in the order of the classes; of a binary task the second is what happens. */
  readonly classes: readonly string[];
}

export interface ReadLabels extends FoundTask {
  /** One a row: a number, a class from 0 on; NaN where it is missing. */
  readonly values: Float64Array;
}

/** More classes than this are names of rows. */
const mostClasses = 1000;

/**
 * Labels of one task. Two different values are a binary task, other texts a multiclass one, other numbers a
 * regression, unless the wish says what it is.
 * @param where names the line of a row in messages
 */
export function readLabels(
  wish: TaskWish,
  cells: readonly string[],
  delimiter: Delimiter,
  where: (row: number) => string,
): ReadLabels {
  const { name } = wish;
  const known = cells.map((cell) => (isMissing(cell as Cell) ? null : cell.trim()));
  const different = [...new Set(known.filter((cell) => cell !== null))];
  const all = `task "${name}"`;
  if (different.length === 0) throw new InputError(`${all} has no label in any row; leave it out`);
  if (different.length === 1)
    throw new InputError(
      `${all} has the label "${different[0]}" in every row, so nothing can be learned; leave it out`,
    );
  const numeric = different.every((cell) => typeof parseNumber(cell, delimiter) === "number");
  const kind = wish.kind ?? (different.length === 2 ? "binary" : numeric ? "regression" : "multiclass");
  if (kind === "regression") {
    const values = Float64Array.from(known, (cell, row) => {
      if (cell === null) return Number.NaN;
      const value = parseNumber(cell, delimiter);
      if (typeof value === "number") return value;
      throw new InputError(
        `${where(row)}, column "${name}": ${value}${wish.kind ? "" : `; if the task is to tell classes apart, say --task ${name}:multiclass`}`,
      );
    });
    return { name, kind, classes: [], values };
  }
  if (kind === "binary" && different.length !== 2)
    throw new InputError(
      `${all} is to be binary, but has ${different.length} different labels (${listNames(different)}); say --task ${name}:multiclass`,
    );
  if (different.length > mostClasses)
    throw new InputError(
      `${all} has ${different.length} different labels, more than classes can be; is it a number (--task ${name}:regression), or the name of a row?`,
    );
  const order = numeric
    ? different.sort((a, b) => Number(parseNumber(a, delimiter)) - Number(parseNumber(b, delimiter)))
    : different.sort();
  const place = new Map(order.map((label, k) => [label, k]));
  const values = Float64Array.from(known, (cell) => (cell === null ? Number.NaN : place.get(cell)!));
  return { name, kind, classes: order, values };
}
