import { groupRows, labelOf, place, taskLabels } from "../data/cells.js";
import { columnNamed, isMissing, type Table } from "../data/table.js";
import { InputError } from "../errors.js";
import { freshName } from "./mean.js";

/**
 * The parents of tasks as a column tells them, under one common root: for `treeKinship`.
 * @throws InputError for a task with two parents or none.
 */
export function parentsFromColumn(table: Table, task: string, parent: string): Map<string, string | null> {
  const caller = "parentsFromColumn";
  const groups = groupRows(taskLabels(columnNamed(table, task, caller), caller));
  const column = columnNamed(table, parent, caller);
  const parents = new Map<string, string | null>();
  for (const [name, rows] of groups) {
    for (const row of rows) {
      const cell = column.values[row];
      if (isMissing(cell)) throw new InputError(`${caller}: ${place(parent, row, name)} names no parent`);
      const label = labelOf(cell);
      const known = parents.get(name);
      if (known !== undefined && known !== label) {
        throw new InputError(
          `${caller}: task "${name}" has two parents, "${known}" and "${label}" (${place(parent, row)}); a task has one`,
        );
      }
      parents.set(name, label);
    }
  }
  const inner = [...new Set(parents.values())] as string[];
  const root = freshName("all", [...groups.keys(), ...inner]);
  for (const name of inner) {
    if (groups.has(name)) throw new InputError(`${caller}: "${name}" is both a task and a parent; rename one of them`);
    parents.set(name, root);
  }
  return parents.set(root, null);
}
