/** Solves (blockdiag(G) + P ⊗ D) w = g for one set of Gram matrices and many penalties. */
export interface Solver {
  readonly name: "forest" | "dense" | "conjugate-gradient";
  /** The residual at which refining a solution by another solve is not worth its cost; 0 unless given. */
  readonly enough?: number;
  /**
   * Prepares for the penalties `slope` and `intercept` (the entries of D). Returns −1, or the node at which the
   * system showed itself to be singular.
   */
  factor(slope: number, intercept: number): number;
  /** Writes the solution for the right-hand side g, [nodes, width], into `out`; returns how many iterations it took. */
  solve(g: Float64Array, out: Float64Array, options?: SolveOptions): number;
}

export interface SolveOptions {
  /** A promise that g will come again, unchanged: what depends on g alone may be kept. */
  readonly keep?: boolean;
  /** How much of the residual an iteration may leave. */
  readonly reduction?: number;
}
