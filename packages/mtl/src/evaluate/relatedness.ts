import type { LinearModel } from "../linear/model.js";
import { kinshipMatrix } from "../relations/explicit.js";

/** How the tasks of a fitted model are related, for pictures. All matrices are [T, T] in the model's order of tasks. */
export interface Relatedness {
  /** K over the tasks. */
  readonly matrix: Float64Array;
  /** Cosine of the tasks' deviations from the mean task, slopes and intercepts. */
  readonly correlation: Float64Array;
  /** An order of the tasks in which kin stand side by side. */
  readonly order: Int32Array;
}

/**
 * Tasks are ordered along the direction in which their fitted weights differ most (the first principal component),
 * siblings of a tree kept together.
 */
export function relatedness(model: LinearModel): Relatedness {
  const deviations = deviationsOf(model);
  const tasks = model.kinship.tasks.length;
  const width = deviations.length / tasks;
  const correlation = new Float64Array(tasks * tasks);
  const norms = Float64Array.from({ length: tasks }, (_, t) =>
    Math.hypot(...deviations.subarray(t * width, (t + 1) * width)),
  );
  for (let a = 0; a < tasks; a++) {
    correlation[a * tasks + a] = 1;
    for (let b = 0; b < a; b++) {
      let product = 0;
      for (let i = 0; i < width; i++) product += deviations[a * width + i]! * deviations[b * width + i]!;
      const cosine = norms[a]! * norms[b]! > 0 ? product / (norms[a]! * norms[b]!) : 0;
      correlation[a * tasks + b] = cosine;
      correlation[b * tasks + a] = cosine;
    }
  }
  const scores = principalScores(deviations, tasks, width);
  const groups = groupsOf(model);
  const groupScores = new Map<number, { sum: number; count: number }>();
  for (const [task, group] of groups.entries()) {
    const known = groupScores.get(group) ?? { sum: 0, count: 0 };
    groupScores.set(group, { sum: known.sum + scores[task]!, count: known.count + 1 });
  }
  const groupScore = (task: number) => {
    const { sum, count } = groupScores.get(groups[task]!)!;
    return sum / count;
  };
  const order = Int32Array.from({ length: tasks }, (_, task) => task).sort(
    (a, b) => groupScore(a) - groupScore(b) || groups[a]! - groups[b]! || scores[a]! - scores[b]! || a - b,
  );
  return { matrix: kinshipMatrix(model.kinship), correlation, order };
}

/** Weights and intercept of each task less their means over tasks, [T, d + 1]. */
function deviationsOf({ kinship, features, weights, intercepts }: LinearModel): Float64Array {
  const tasks = kinship.tasks.length;
  const slopes = features.length;
  const width = slopes + 1;
  const deviations = new Float64Array(tasks * width);
  for (let i = 0; i < width; i++) {
    const at = (task: number) => (i < slopes ? weights[task * slopes + i]! : intercepts[task]!);
    let mean = 0;
    for (let task = 0; task < tasks; task++) mean += at(task) / tasks;
    for (let task = 0; task < tasks; task++) deviations[task * width + i] = at(task) - mean;
  }
  return deviations;
}

/** Each task's coordinate on the first principal component, by power iteration. */
function principalScores(deviations: Float64Array, tasks: number, width: number): Float64Array {
  let axis = new Float64Array(width).fill(1);
  const scores = new Float64Array(tasks);
  for (let round = 0; round < 100; round++) {
    const next = new Float64Array(width);
    for (let task = 0; task < tasks; task++) {
      let score = 0;
      for (let i = 0; i < width; i++) score += deviations[task * width + i]! * axis[i]!;
      scores[task] = score;
      for (let i = 0; i < width; i++) next[i] = next[i]! + score * deviations[task * width + i]!;
    }
    const norm = Math.hypot(...next);
    if (!(norm > 0)) break;
    axis = next.map((value) => value / norm);
  }
  return scores;
}

/** The latent node that each task hangs from; −1 where there is none. */
function groupsOf({ kinship }: LinearModel): Int32Array {
  const tasks = kinship.tasks.length;
  const groups = new Int32Array(tasks).fill(-1);
  const { from, to } = kinship.precision;
  for (let edge = 0; edge < from.length; edge++) {
    const [low, high] = [Math.min(from[edge]!, to[edge]!), Math.max(from[edge]!, to[edge]!)];
    if (low < tasks && high >= tasks) groups[low] = high;
  }
  return groups;
}
