/**
 * A sparse symmetric matrix over nodes: the tasks first, then latent nodes (a common mean, parents).
 * `edges` hold each off-diagonal entry once.
 */
export interface PrecisionGraph {
  readonly size: number;
  readonly diagonal: Float64Array;
  readonly from: Int32Array;
  readonly to: Int32Array;
  readonly value: Float64Array;
}

/**
 * How tasks are tied. K is the Schur complement of `precision` on the tasks, so that solvers may keep
 * latent nodes, where the graph is sparse, and never form K.
 */
export interface Kinship {
  readonly kind: string;
  readonly tasks: readonly string[];
  readonly latent: readonly string[];
  readonly precision: PrecisionGraph;
  /** The latent node that stands for a task never seen, when nothing more is known of it; null if there is none. */
  readonly root: string | null;
  /** The parent of each node by its index, −1 for none; only where kinship is a tree. */
  readonly parents: Int32Array | null;
}

/** Builders are given the names of the tasks, in order, by whoever fits. */
export type KinshipBuilder = (tasks: readonly string[]) => Kinship;
