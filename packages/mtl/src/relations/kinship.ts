import type { DescribedTasks } from "../data/descriptors.js";
import { InputError } from "../errors.js";

/**
 * A sparse symmetric matrix over nodes: the tasks first, then latent nodes (a common mean, parents).
 * `from`, `to` and `value` hold each off-diagonal entry once.
 */
export interface PrecisionGraph {
  readonly size: number;
  readonly diagonal: Float64Array;
  readonly from: Int32Array;
  readonly to: Int32Array;
  readonly value: Float64Array;
}

/**
 * How tasks are tied. K is the Schur complement of `precision` on the tasks: solvers keep the latent nodes,
 * where the graph is sparse, and never form K.
 */
export interface Kinship {
  readonly kind: string;
  readonly tasks: readonly string[];
  readonly latent: readonly string[];
  readonly precision: PrecisionGraph;
  /** The latent node that stands for a task of which nothing is known; null if there is none. */
  readonly root: string | null;
  /** What tells the weights of a task never seen by its descriptors; absent where nothing does. */
  readonly descriptors?: KinDescriptors;
}

/** What describes the tasks, and the kernel that makes kin of them. Plain data, saved with the model. */
export interface KinDescriptors extends DescribedTasks {
  /** The column of the table of descriptors that names the tasks. */
  readonly key: string;
  readonly kernel: KernelDescription;
  /** The part of a task's weights that its descriptors do not tell. */
  readonly own: number;
}

export type KernelDescription = { readonly name: "linear" } | { readonly name: "gaussian"; readonly width: number };

/** Builders are given the names of the tasks, in order, by whoever fits. */
export type KinshipBuilder = (tasks: readonly string[]) => Kinship;

export type Edge = readonly [from: number, to: number, value: number];

export function precisionGraph(diagonal: ArrayLike<number>, edges: readonly Edge[]): PrecisionGraph {
  return {
    size: diagonal.length,
    diagonal: Float64Array.from(diagonal),
    from: Int32Array.from(edges, (edge) => edge[0]),
    to: Int32Array.from(edges, (edge) => edge[1]),
    value: Float64Array.from(edges, (edge) => edge[2]),
  };
}

export function requireNonNegative(value: number, what: string): void {
  if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) {
    throw new InputError(`${what} must be a finite number ≥ 0, not ${value}`);
  }
}

/** @throws InputError for no task at all, or one that occurs twice. */
export function requireDistinct(tasks: readonly string[], caller: string): void {
  if (tasks.length === 0) throw new InputError(`${caller}: there are no tasks`);
  const seen = new Set<string>();
  for (const task of tasks) {
    if (seen.has(task)) throw new InputError(`${caller}: two tasks are named "${task}"; rename or merge them`);
    seen.add(task);
  }
}
