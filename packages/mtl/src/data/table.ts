import { InputError } from "../errors.js";

/** One value of a table. `null`, `undefined` and an empty or "NA" text are missing values. */
export type Cell = number | string | null | undefined;

export interface Column {
  readonly name: string;
  readonly values: ArrayLike<Cell>;
}

/** Named columns of equal length. A list rather than an object, so that no column name is special. */
export interface Table {
  readonly columns: readonly Column[];
  readonly rows: number;
}

/**
 * A table from its columns.
 * @throws InputError if there is no column or no row, a name is repeated or empty, or lengths differ.
 */
export function createTable(columns: readonly Column[]): Table {
  if (columns.length === 0) throw new InputError("createTable: the table is empty, it has no columns");
  const first = columns[0]!;
  const rows = first.values.length;
  if (rows === 0) throw new InputError("createTable: the table is empty, it has no rows");
  const names = new Set<string>();
  for (const [index, { name, values }] of columns.entries()) {
    if (name === "") throw new InputError(`createTable: column ${index + 1} has an empty name; name it`);
    if (names.has(name)) throw new InputError(`createTable: two columns are named "${name}"; rename one of them`);
    names.add(name);
    if (values.length !== rows) {
      throw new InputError(
        `createTable: columns differ in length, "${first.name}" has ${rows} rows and "${name}" has ${values.length}`,
      );
    }
  }
  return { columns, rows };
}

export function allRows({ rows }: Table): Int32Array {
  return Int32Array.from({ length: rows }, (_, row) => row);
}

/** The column of that name. `caller` names the public function in the error. */
export function columnNamed(table: Table, name: string, caller: string): Column {
  const column = table.columns.find((candidate) => candidate.name === name);
  if (column === undefined) {
    const known = table.columns.map((candidate) => `"${candidate.name}"`).join(", ");
    throw new InputError(`${caller}: the table has no column "${name}"; its columns are ${known}`);
  }
  return column;
}

const missingTexts = new Set(["", "NA", "N/A", "null"]);

/** Missing are null, undefined, and the texts "", "NA", "N/A" and "null" (surrounding blanks ignored). Not-a-number is not missing but wrong. */
export function isMissing(cell: Cell): cell is null | undefined | string {
  return cell === null || cell === undefined || (typeof cell === "string" && missingTexts.has(cell.trim()));
}
