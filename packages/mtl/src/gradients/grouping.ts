import { taskCount } from "../balance/normalise.js";
import { InputError } from "../errors.js";

/** Tasks by group, and the score that the grouping reaches. */
export interface Grouping {
  readonly groups: number[][];
  readonly score: number;
}

/** Up to here every partition is looked at. */
const exactUpTo = 12;

/**
 * Splits tasks into at most `groups` groups that train together, so that the sum over tasks of the mean affinity that
 * each receives from the others of its group is largest (C. Fifty et al., NeurIPS 2021, section 3.2, without overlap; a
 * task alone scores 0). Exact up to 12 tasks by dynamic programming over sets; beyond, the best of single moves from
 * groups that were merged greedily. `affinity`: m × m, row i is what a step for i does to the others.
 */
export function groupTasks(affinity: Float64Array, groups: number): Grouping {
  const tasks = taskCount("groupTasks", affinity);
  if (!Number.isInteger(groups) || groups < 1)
    throw new InputError(`groupTasks: the number of groups must be a whole number of at least 1, not ${groups}`);
  const found = tasks <= exactUpTo ? exact(affinity, tasks, groups) : greedy(affinity, tasks, groups);
  const score = found.reduce((total, group) => total + groupScore(affinity, tasks, group), 0);
  return { groups: found.sort((a, b) => a[0]! - b[0]!), score };
}

function groupScore(affinity: Float64Array, tasks: number, group: readonly number[]): number {
  if (group.length < 2) return 0;
  let total = 0;
  for (const i of group) for (const j of group) if (i !== j) total += affinity[i * tasks + j]!;
  return total / (group.length - 1);
}

/** best[k][set]: the best score of a set in at most k + 1 groups; each group holds the set's lowest task first. */
function exact(affinity: Float64Array, tasks: number, groups: number): number[][] {
  const all = 1 << tasks;
  const members = (set: number) => [...Array(tasks).keys()].filter((task) => (set >> task) & 1);
  const scores = Float64Array.from({ length: all }, (_, set) => groupScore(affinity, tasks, members(set)));
  const best = [scores];
  const choice = [Int32Array.from({ length: all }, (_, set) => set)];
  for (let k = 1; k < Math.min(groups, tasks); k++) {
    const next = Float64Array.from(best[k - 1]!);
    const chosen = new Int32Array(all);
    for (let set = 1; set < all; set++) {
      chosen[set] = -1;
      const lowest = set & -set;
      for (let rest = (set - 1) & set; rest > 0; rest = (rest - 1) & set) {
        if (rest & lowest) continue;
        const value = scores[set ^ rest]! + best[k - 1]![rest]!;
        if (value > next[set]!) {
          next[set] = value;
          chosen[set] = set ^ rest;
        }
      }
    }
    best.push(next);
    choice.push(chosen);
  }
  const found: number[][] = [];
  let level = best.length - 1;
  for (let set = all - 1; set > 0; ) {
    const group = choice[level]![set]!;
    if (group >= 0) {
      found.push(members(group));
      set ^= group;
    }
    level--;
  }
  return found;
}

function greedy(affinity: Float64Array, tasks: number, groups: number): number[][] {
  const score = (group: readonly number[]) => groupScore(affinity, tasks, group);
  const found: number[][] = Array.from({ length: tasks }, (_, task) => [task]);
  for (;;) {
    let gain = found.length > groups ? Number.NEGATIVE_INFINITY : 0;
    let merge: [number, number] | undefined;
    for (let a = 0; a < found.length; a++)
      for (let b = a + 1; b < found.length; b++) {
        const change = score([...found[a]!, ...found[b]!]) - score(found[a]!) - score(found[b]!);
        if (change > gain) {
          gain = change;
          merge = [a, b];
        }
      }
    if (!merge) break;
    found[merge[0]!]!.push(...found[merge[1]!]!);
    found.splice(merge[1]!, 1);
  }
  for (let moved = true; moved; ) {
    moved = false;
    for (let task = 0; task < tasks; task++) {
      const from = found.findIndex((group) => group.includes(task));
      const without = found[from]!.filter((other) => other !== task);
      const loss = score(found[from]!) - score(without);
      for (let to = 0; to < found.length; to++) {
        if (to === from) continue;
        const gain = score([...found[to]!, task]) - score(found[to]!);
        if (gain <= loss + 1e-12 * Math.abs(loss)) continue;
        found[from] = without;
        found[to]!.push(task);
        moved = true;
        break;
      }
    }
  }
  return found.filter((group) => group.length > 0).map((group) => group.sort((a, b) => a - b));
}
