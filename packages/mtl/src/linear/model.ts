import type { Pipeline } from "../data/pipeline.js";
import type { Kinship } from "../relations/kinship.js";

/** "coupled": intercepts are penalised through the same K with their own λ; "free": never penalised; "none": there are none. */
export type InterceptMode = "coupled" | "free" | "none";

/** How well the returned weights satisfy the first-order conditions of the objective. */
export interface Certificate {
  /** ‖∇L‖ over the norm of the terms that ∇L sums (Rigal & Gaches' backward error): about 1e-16 is exact. */
  readonly residual: number;
  /** Solves of the whole system, or conjugate-gradient steps. */
  readonly iterations: number;
  /** Whether the residual is at most 1e-8. */
  readonly converged: boolean;
  readonly solver: "forest" | "dense" | "conjugate-gradient";
}

/** Weights of every node of the kinship graph: the tasks, then the latent nodes. */
export interface LinearModel {
  readonly method: "k-norm" | "single-task" | "pooled";
  /** Names of the columns of x. */
  readonly features: readonly string[];
  readonly kinship: Kinship;
  readonly intercept: InterceptMode;
  readonly lambda: number;
  readonly lambdaIntercept: number;
  /** [nodes, features], row-major. */
  readonly weights: Float64Array;
  /** [nodes]; zeros if the mode is "none". */
  readonly intercepts: Float64Array;
  /** The objective's value at the weights. */
  readonly objective: number;
  readonly certificate: Certificate;
  /** Present if the model was fitted on a table: how its cells become x and y. */
  readonly pipeline: Pipeline | null;
}

/** The names of all nodes, in the order of the rows of `weights`. */
export function nodeNames({ kinship }: LinearModel): readonly string[] {
  return [...kinship.tasks, ...kinship.latent];
}
