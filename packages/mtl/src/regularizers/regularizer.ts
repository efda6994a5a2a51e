import type { Parameters } from "../losses/loss.js";
import type { KinshipBuilder, PrecisionGraph } from "../relations/kinship.js";

/** What W is: one row of `width` weights a task (all outputs of a task in its row), row-major. */
export interface Shape {
  readonly tasks: readonly string[];
  readonly width: number;
}

/** Ω on matrices of one shape. May keep memory between calls: one penalty serves one fit at a time. */
export interface Penalty {
  value(w: Float64Array): number;
  /**
   * out = argmin_U ½‖U − V‖² + step · Ω(U); `out` may be `v`. Returns Ω(U) where that falls out of the work, which saves
   * asking for it.
   */
  proximal(v: Float64Array, step: number, out: Float64Array): number | undefined;
  /** What a duality gap needs; without it a fit is certified by its KKT residual. */
  readonly dual?: Dual;
  /**
   * P where Ω(W) = ½ min Σ_ij P_ij ⟨w_i, w_j⟩ over the weights of latent nodes: such penalties are solved by Newton's
   * method, latent nodes kept, so that P stays sparse.
   */
  readonly quadratic?: PrecisionGraph;
  /** Where Ω(W) = norm · Σ_j ‖W_·j‖₂ + ridge/2 ‖W‖_F²: such penalties can be solved feature by feature. */
  readonly featurewise?: { readonly norm: number; readonly ridge: number };
}

export interface Dual {
  /** The least s ≥ 0 with V ∈ s · dom Ω*: the dual norm if Ω is a norm, 0 if Ω* is finite everywhere. */
  polar(v: Float64Array): number;
  /** Ω*(V) for V in its domain: 0 if Ω is a norm. */
  conjugate(v: Float64Array): number;
}

/** A convex penalty Ω, as plain data: `on` makes it for the tasks at hand. The fit multiplies it by λ. */
export interface Regularizer {
  readonly kind: "single";
  readonly name: string;
  readonly source: string;
  readonly parameters: Parameters;
  /** What it expects of tasks it was not fitted on; the mean of the tasks unless given. */
  readonly kinship?: KinshipBuilder;
  /** @throws InputError if it does not suit the tasks. */
  on(shape: Shape): Penalty;
}

/**
 * The infimal convolution min Σ_k Ω_k(W_k) over W = Σ_k W_k: each part of the weights has a penalty of its own.
 * Solved over the parts, which a fit returns beside their sum.
 */
export interface SplitRegularizer {
  readonly kind: "split";
  readonly name: string;
  readonly source: string;
  readonly parameters: Parameters;
  readonly parts: readonly Regularizer[];
}

export type AnyRegularizer = Regularizer | SplitRegularizer;

/** The dual of a norm whose dual norm is `polar`. */
export const dualNorm = (polar: (v: Float64Array) => number): Dual => ({ polar, conjugate: () => 0 });
