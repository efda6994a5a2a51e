import type { Pipeline } from "../data/pipeline.js";
import type { Parameters } from "../losses/loss.js";
import type { LossDescription } from "../losses/saved.js";
import type { Kinship } from "../relations/kinship.js";

/** "coupled": intercepts are penalised through the same K with their own λ; "free": never penalised; "none": there are none. */
export type InterceptMode = "coupled" | "free" | "none";

export const solverNames = [
  "forest",
  "dense",
  "conjugate-gradient",
  "proximal-gradient",
  "block-coordinate",
  "newton",
  "alternating",
] as const;

/** How well the returned weights satisfy the first-order conditions of the objective. */
export interface Certificate {
  /**
   * What `residual` is. "backward error": ‖∇L‖ over the norm of the terms that ∇L sums (Rigal & Gaches), about 1e-16 is
   * exact. "duality gap": L less a lower bound of it, over L of no weights. "KKT residual": the norm of a subgradient
   * of L, over that of the data's gradient at no weights.
   */
  readonly measure: "backward error" | "duality gap" | "KKT residual";
  readonly residual: number;
  /** Solves of the whole system, or conjugate-gradient steps. */
  readonly iterations: number;
  /** Whether the residual is at most what was asked for, 1e-8 if nothing was. */
  readonly converged: boolean;
  readonly solver: (typeof solverNames)[number];
  /** What to do where it did not converge; null where it did. */
  readonly remedy: string | null;
}

/** Weights of every node of the kinship graph: the tasks, then the latent nodes. */
export interface LinearModel {
  readonly method: "k-norm" | "single-task" | "pooled" | "regularized" | "learned";
  readonly loss: LossDescription;
  /** The penalty and its options, for people: what is needed to predict are the weights. */
  readonly regularizer: { readonly name: string; readonly parameters: Parameters };
  /** Names of the columns of x. */
  readonly features: readonly string[];
  readonly kinship: Kinship;
  readonly intercept: InterceptMode;
  readonly lambda: number;
  readonly lambdaIntercept: number;
  /** [nodes, outputs, features], row-major. The loss has one output, or one a class. */
  readonly weights: Float64Array;
  /** [nodes, outputs]; zeros if the mode is "none". */
  readonly intercepts: Float64Array;
  /** What the weights of the tasks are the sum of, each [tasks, outputs, features], where the regularizer splits them. */
  readonly parts: readonly Float64Array[];
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
