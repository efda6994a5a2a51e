import { tensor } from "@kinship/tensor";
import { symmetricEigen } from "../balance/solvers/pseudo-inverse.js";
import { InputError } from "../errors.js";
import { kMeans } from "../objective/k-means.js";
import { squareSize } from "./weights.js";

export interface SpectralGroupsOptions {
  /** How many, at most. */
  readonly groups: number;
  /** Of the starts of k-means; 0 unless given. */
  readonly seed?: number;
}

/**
 * Groups of kin by a symmetric affinity, [T, T], as `outerCorrelation` gives it; negative affinities groups as none.
 * Spectral clustering (Ng, Jordan & Weiss, On spectral clustering, 2001): the leading eigenvectors of D^−½ A D^−½, rows
 * scaled to length 1, and k-means. Groups in the order of their first task.
 * @throws InputError for a matrix that is not square, finite and symmetric, and a number of groups not from 1 to T
 */
export function spectralGroups(affinity: Float64Array, { groups, seed = 0 }: SpectralGroupsOptions): number[][] {
  const tasks = squareSize(affinity, "spectralGroups");
  if (!(Number.isInteger(groups) && groups >= 1 && groups <= tasks)) {
    throw new InputError(`spectralGroups: groups must be a whole number from 1 to ${tasks}, not ${groups}`);
  }
  if (tasks === 1) return [[0]];
  const { vectors } = symmetricEigen(normalisedAffinity(affinity, tasks));
  const points = new Float64Array(tasks * groups);
  for (let t = 0; t < tasks; t++) {
    const row = points.subarray(t * groups, (t + 1) * groups);
    for (let k = 0; k < groups; k++) row[k] = vectors[t * tasks + tasks - 1 - k]!;
    const length = Math.hypot(...row);
    if (length > 0) for (let k = 0; k < groups; k++) row[k] = row[k]! / length;
  }
  const centres = kMeans(tensor(points, { shape: [tasks, groups] }), groups, seed).toTypedArray();
  const found = new Map<number, number[]>();
  for (let t = 0; t < tasks; t++) {
    let nearest = 0;
    let least = Number.POSITIVE_INFINITY;
    for (let c = 0; c < groups; c++) {
      let distance = 0;
      for (let k = 0; k < groups; k++) distance += (points[t * groups + k]! - centres[c * groups + k]!) ** 2;
      if (distance < least) [nearest, least] = [c, distance];
    }
    const group = found.get(nearest);
    if (group === undefined) found.set(nearest, [t]);
    else group.push(t);
  }
  return [...found.values()];
}

/** D^−½ A D^−½, its diagonal 1 before scaling, so that a task without kin is a group of its own. */
function normalisedAffinity(affinity: Float64Array, tasks: number): Float64Array {
  const out = new Float64Array(affinity.length);
  const largest = affinity.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const degrees = new Float64Array(tasks);
  for (let a = 0; a < tasks; a++) {
    for (let b = 0; b < tasks; b++) {
      const [value, other] = [affinity[a * tasks + b]!, affinity[b * tasks + a]!];
      if (Math.abs(value - other) > 1e-9 * largest) {
        throw new InputError(
          `spectralGroups: the affinity is not symmetric, [${a}, ${b}] = ${value} and [${b}, ${a}] = ${other}; use its mean with its transpose?`,
        );
      }
      out[a * tasks + b] = a === b ? 1 : Math.max(0, value) / (largest || 1);
      degrees[a] = degrees[a]! + out[a * tasks + b]!;
    }
  }
  return out.map((value, at) => value / Math.sqrt(degrees[Math.floor(at / tasks)]! * degrees[at % tasks]!));
}
