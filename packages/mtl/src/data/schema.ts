import { InputError } from "../errors.js";
import { labelOf, numberOf, place, show } from "./cells.js";
import type { Schema } from "./pipeline.js";
import { type Column, columnNamed, isMissing, type Table } from "./table.js";

export interface FeatureColumns {
  readonly numeric: readonly string[];
  readonly categorical: readonly string[];
}

/**
 * Which columns are numeric and which categorical features, in the table's order. Undeclared columns are
 * numeric if every value that is not missing is a number.
 * @throws InputError for a named column that does not exist or is named twice, a column of numbers with a few
 * other texts in it, and a column of texts that names rows rather than describing them.
 */
export function inferSchema(
  table: Table,
  schema: Schema,
  { target = true }: { readonly target?: boolean } = {},
): FeatureColumns {
  const roles = new Map<string, string>();
  const declare = (name: string, role: string) => {
    columnNamed(table, name, "inferSchema");
    const other = roles.get(name);
    if (other !== undefined) {
      throw new InputError(`inferSchema: column "${name}" cannot be both ${other} and ${role}; name it once`);
    }
    roles.set(name, role);
  };
  declare(schema.task, "the task");
  if (target) declare(schema.target, "the target");
  for (const name of schema.numeric ?? []) declare(name, "numeric");
  for (const name of schema.categorical ?? []) declare(name, "categorical");
  for (const name of schema.ignore ?? []) declare(name, "ignored");
  for (const column of table.columns) if (!roles.has(column.name)) roles.set(column.name, inferRole(column));
  const named = (role: string) => table.columns.map(({ name }) => name).filter((name) => roles.get(name) === role);
  return { numeric: named("numeric"), categorical: named("categorical") };
}

function inferRole(column: Column): "numeric" | "categorical" | "ignored" {
  let numbers = 0;
  let others = 0;
  let firstOther = -1;
  const levels = new Set<string>();
  for (let row = 0; row < column.values.length; row++) {
    const cell = column.values[row];
    if (isMissing(cell)) continue;
    if (Number.isNaN(numberOf(cell))) {
      others++;
      if (firstOther < 0) firstOther = row;
      levels.add(labelOf(cell));
    } else numbers++;
  }
  if (others === 0) return numbers > 0 ? "numeric" : "ignored";
  if (numbers > others) {
    throw new InputError(
      `inferSchema: ${place(column.name, firstOther)} is ${show(column.values[firstOther])}, ` +
        `though ${numbers} of its ${numbers + others} values are numbers; correct it, ` +
        `or declare the column categorical or ignored`,
    );
  }
  if (levels.size > 100 && levels.size > (numbers + others) / 2) {
    throw new InputError(
      `inferSchema: column "${column.name}" has ${levels.size} different texts in ${numbers + others} rows: ` +
        `it seems to name rows; ignore it, or declare it categorical`,
    );
  }
  return "categorical";
}
