import { vectorOf } from "../data/arrays.js";
import { foldsWithinTasks, requireRepeats } from "../data/folds.js";
import { createRandom, shuffle } from "../data/random.js";
import { InputError } from "../errors.js";
import { defaultFolds } from "../linear/folds.js";
import type { LabelledTask } from "./problem.js";

/** What one round of cross-validation trains on, and the rows it holds out. */
export interface FoldPlan {
  readonly train: readonly LabelledTask[];
  /** Rows of `tasks[task]` that are held out. */
  readonly held: readonly { readonly task: number; readonly rows: readonly number[] }[];
}

/**
 * "within-tasks": rows of each task; "groups": whole groups of rows, over all tasks, named row by row; "tasks": one task
 * after another; "given": the fold of each labelled row of each task, 0, 1, …, or −1 for a row that always trains.
 * Five folds unless given, three from 10,000 rows on.
 */
export type FoldScheme =
  | { readonly kind: "within-tasks"; readonly folds?: number; readonly repeats?: number }
  | { readonly kind: "groups"; readonly folds?: number; readonly groups: readonly ArrayLike<string | number>[] }
  | { readonly kind: "tasks" }
  | { readonly kind: "given"; readonly foldOf: readonly ArrayLike<number>[] };

/** A task's only labelled row always trains, but for whole groups: such a task is then predicted as an unseen one. */
export function planFolds(tasks: readonly LabelledTask[], scheme: FoldScheme, seed: number): FoldPlan[] {
  const labels = tasks.map(({ y, name }) => vectorOf(y, `cross-validation: task "${name}", y`));
  const labelled = labels.map((y) => Array.from(y.keys()).filter((row) => !Number.isNaN(y[row]!)));
  if (scheme.kind === "tasks") {
    if (tasks.length < 2) throw new InputError("cross-validation over tasks needs two tasks, there is one");
    return tasks.map((_, task) => ({
      train: tasks.filter((_, other) => other !== task),
      held: [{ task, rows: labelled[task]! }],
    }));
  }
  const { folds = defaultFolds({ y: labelled.flat() }) } =
    scheme.kind === "given" ? givenFolds(scheme, labelled) : scheme;
  if (scheme.kind === "within-tasks") requireRepeats(scheme.repeats ?? 1);
  const rounds =
    scheme.kind === "within-tasks"
      ? Array.from({ length: scheme.repeats ?? 1 }, (_, repeat) => withinTasks(labelled, folds, seed + repeat))
      : [scheme.kind === "given" ? scheme.foldOf : ofGroups(tasks, labelled, scheme.groups, folds, seed)];
  return rounds.flatMap((foldOf) =>
    Array.from({ length: folds }, (_, fold): FoldPlan => {
      const held = labelled.flatMap((rows, task) => {
        const kept = rows.length < 2 && scheme.kind !== "groups";
        const out = kept ? [] : rows.filter((_, k) => foldOf[task]![k] === fold);
        return out.length > 0 ? [{ task, rows: out }] : [];
      });
      return { train: without(tasks, labels, held), held };
    }).filter(({ held }) => held.length > 0),
  );
}

function givenFolds(
  { foldOf }: Extract<FoldScheme, { kind: "given" }>,
  labelled: readonly (readonly number[])[],
): { folds: number } {
  const sizes = labelled.map((rows) => rows.length);
  if (foldOf.length !== sizes.length || foldOf.some(({ length }, task) => length !== sizes[task])) {
    throw new InputError(
      `cross-validation: folds are given for [${foldOf.map(({ length }) => length)}] rows of each task, and there are [${sizes}] with a label`,
    );
  }
  let folds = 0;
  for (const fold of foldOf.flatMap((of) => Array.from(of))) {
    if (!Number.isInteger(fold) || fold < -1) throw new InputError(`cross-validation: ${fold} is no fold`);
    folds = Math.max(folds, fold + 1);
  }
  return { folds };
}

function withinTasks(labelled: readonly (readonly number[])[], folds: number, seed: number): ArrayLike<number>[] {
  return foldsWithinTasks(
    labelled.map((rows) => rows.length),
    folds,
    seed,
  );
}

function ofGroups(
  tasks: readonly LabelledTask[],
  labelled: readonly (readonly number[])[],
  groups: readonly ArrayLike<string | number>[],
  folds: number,
  seed: number,
): ArrayLike<number>[] {
  if (!Number.isInteger(folds) || folds < 2) {
    throw new InputError(`cross-validation: needs a whole number of folds from 2 on, not ${folds}`);
  }
  if (groups.length !== tasks.length) {
    throw new InputError(`cross-validation: groups of ${groups.length} tasks, and there are ${tasks.length}`);
  }
  const names = [...new Set(labelled.flatMap((rows, task) => rows.map((row) => String(groups[task]![row]))))];
  if (names.length < folds) {
    throw new InputError(`cross-validation: ${names.length} groups do not fill ${folds} folds; use fewer folds`);
  }
  const order = Int32Array.from(names, (_, k) => k);
  shuffle(order, createRandom(seed));
  const foldOf = new Map(Array.from(order, (group, k) => [names[group]!, k % folds]));
  return labelled.map((rows, task) => rows.map((row) => foldOf.get(String(groups[task]![row]))!));
}

/** Tasks whose held-out labels are taken away; a task that keeps none is left out. */
function without(
  tasks: readonly LabelledTask[],
  labels: readonly Float64Array[],
  held: FoldPlan["held"],
): LabelledTask[] {
  const kept = labels.map((y) => y.slice());
  for (const { task, rows } of held) for (const row of rows) kept[task]![row] = Number.NaN;
  return tasks.flatMap((task, t) => (kept[t]!.every(Number.isNaN) ? [] : [{ ...task, y: kept[t]! }]));
}
