/** How near a regularized fit is to the minimum of its objective. */
export interface FitCertificate {
  /**
   * "duality gap": the objective less a lower bound of it, over the objective of no weights. "KKT residual": the norm
   * of a subgradient of the objective, over that of the data's gradient at no weights.
   */
  readonly measure: "duality gap" | "KKT residual";
  readonly residual: number;
  readonly iterations: number;
  readonly converged: boolean;
  readonly solver: "proximal-gradient" | "block-coordinate" | "newton";
  /** What to do where it did not converge; null where it did. */
  readonly remedy: string | null;
}

export interface Tolerances {
  /** The residual at which a solver stops; 1e-7 unless given. */
  readonly tolerance?: number;
  readonly maxIterations?: number;
}

export function remedyFor(residual: number, tolerance: number, iterations: number, most: number): string | null {
  if (residual <= tolerance) return null;
  return iterations >= most
    ? `stopped after ${iterations} iterations at a residual of ${residual.toExponential(1)}; raise maxIterations, ` +
        "standardise features, or raise λ"
    : `rounding ended progress at a residual of ${residual.toExponential(1)}, above the tolerance ${tolerance}; ` +
        "standardise features, drop collinear ones, or raise λ or the tolerance";
}
