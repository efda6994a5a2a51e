import { findColumn } from "../csv/columns.js";
import { readCsv } from "../csv/read.js";
import { InputError, listNames } from "../errors.js";

/** What a table with one row a task says: the parent of each row; "" is none. */
export interface ParentTable {
  readonly path: string;
  readonly key: string;
  readonly parents: ReadonlyMap<string, string>;
}

/** Reads `--tasks FILE`: the column `key` names tasks (or parents that have parents of their own), `parent` theirs. */
export async function readParents(
  path: string,
  key: string,
  parent: string,
  signal?: AbortSignal,
): Promise<ParentTable> {
  const parents = new Map<string, string>();
  let keyColumn = 0;
  let parentColumn = 0;
  await readCsv(
    path,
    {
      header: (columns) => {
        keyColumn = findColumn(path, columns, key, "--task");
        parentColumn = findColumn(path, columns, parent, "--parent");
      },
      record: (cells, line) => {
        const name = cells[keyColumn]!.trim();
        if (name === "") throw new InputError(`${path}, line ${line}, column "${key}": the task has no name`);
        if (parents.has(name)) throw new InputError(`${path}, line ${line}: ${key} ${name} has a second row`);
        parents.set(name, cells[parentColumn]!.trim());
      },
    },
    signal,
  );
  return { path, key, parents };
}

/**
 * The parent of each task and of each ancestor of one, null for the root; several roots hang under a common one.
 * Either no parent has a row of its own, or all have: then one without a row is a mistake, not a new root.
 * @throws InputError for a task without a row or a parent, a parent that does not exist, and a circle of parents.
 */
export function ancestry(table: ParentTable, tasks: readonly string[]): Map<string, string | null> {
  const { path, key, parents } = table;
  const missing = tasks.filter((task) => !parents.has(task));
  if (missing.length > 0) {
    throw new InputError(`${path} has no row for ${key} ${listNames(missing)}; every task of the data needs one`);
  }
  const complete = tasks.some((task) => parents.has(parents.get(task)!));
  const tree = new Map<string, string | null>();
  for (const task of tasks) {
    if (parents.get(task) === "" && !complete) {
      throw new InputError(`${path}: ${key} ${task} has no parent; fill in the cell`);
    }
    const trail: string[] = [];
    let name = task;
    while (!tree.has(name)) {
      if (trail.includes(name)) {
        const circle = [...trail.slice(trail.indexOf(name)), name];
        throw new InputError(`${path}: the parents run in a circle, ${circle.join(" → ")}; break it`);
      }
      trail.push(name);
      const parent = parents.get(name) ?? "";
      if (parent === "") break;
      if (complete && !parents.has(parent)) {
        throw new InputError(
          `${path}: "${parent}", the parent of ${name}, does not exist; correct it, or give it a row (without a parent, ` +
            "if it has none)",
        );
      }
      name = parent;
    }
    for (const step of trail) tree.set(step, parents.get(step) || null);
  }
  return underOneRoot(tree);
}

function underOneRoot(tree: Map<string, string | null>): Map<string, string | null> {
  const roots = [...tree].filter(([, parent]) => parent === null).map(([name]) => name);
  if (roots.length === 1) return tree;
  let common = "(all)";
  while (tree.has(common)) common = `(${common})`;
  for (const root of roots) tree.set(root, common);
  return tree.set(common, null);
}
