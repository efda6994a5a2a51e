import { InputError, listNames } from "../errors.js";

/** The position of a named column, or an error that lists what there is and guesses what was meant. */
export function findColumn(path: string, columns: readonly string[], name: string, option: string): number {
  const index = columns.indexOf(name);
  if (index >= 0) return index;
  const alike = columns.find((column) => column.toLowerCase() === name.toLowerCase());
  const guess = alike === undefined ? "" : ` (did you mean "${alike}"?)`;
  throw new InputError(
    `${path} has no column "${name}", asked for by ${option}${guess}; its columns are: ${listNames(columns, 20)}`,
  );
}
