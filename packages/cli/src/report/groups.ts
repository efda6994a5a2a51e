import { type Comparison, groupTasks, linearAffinity, spectralGroups } from "@kinship/mtl";
import type { TaskGroups } from "./data.js";

/** Eigenvectors of more tasks than this take long. */
const mostTasks = 300;
/** Affinity is grouped by trying many partitions. */
const mostAffine = 40;
const mostGroups = 8;

/** Groups of tasks whose fits deviate alike from the average, and of tasks whose steps help each other. */
export function taskGroups({ multi, pooled, relatedness, training }: Comparison): TaskGroups | null {
  const { tasks } = multi.model.kinship;
  const count = tasks.length;
  if (count < 4 || count > mostTasks) return null;
  const { correlation } = relatedness;
  const distance = (a: number, b: number): number => 1 - correlation[a * count + b]!;
  let best = { groups: [[...tasks.keys()]], silhouette: Number.NEGATIVE_INFINITY };
  for (let k = 2; k <= Math.min(mostGroups, count - 1); k += 1) {
    const groups = spectralGroups(correlation, { groups: k });
    const silhouette = meanSilhouette(groups, distance);
    if (silhouette > best.silhouette) best = { groups, silhouette };
  }
  const named = (groups: readonly (readonly number[])[]): string[][] =>
    groups.map((group) => group.map((task) => tasks[task]!)).sort((a, b) => b.length - a.length);
  const affine =
    count > mostAffine ? null : groupTasks(linearAffinity(pooled.model, training), best.groups.length).groups;
  return {
    alike: named(best.groups),
    silhouette: best.silhouette,
    affine: affine === null ? null : named(affine),
  };
}

/** Rousseeuw, Silhouettes, 1987: how much nearer members are to their own group than to the next, −1 to 1. */
function meanSilhouette(groups: readonly (readonly number[])[], distance: (a: number, b: number) => number): number {
  const meanTo = (task: number, group: readonly number[]): number => {
    const others = group.filter((other) => other !== task);
    return others.reduce((sum, other) => sum + distance(task, other) / others.length, 0);
  };
  let total = 0;
  let count = 0;
  for (const group of groups) {
    for (const task of group) {
      count += 1;
      if (group.length === 1 || groups.length === 1) continue;
      const own = meanTo(task, group);
      const next = Math.min(...groups.filter((other) => other !== group).map((other) => meanTo(task, other)));
      total += (next - own) / (Math.max(own, next) || 1);
    }
  }
  return total / count;
}
