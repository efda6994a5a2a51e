import { type KinshipBuilder, precisionGraph, requireDistinct, requireNonNegative } from "./kinship.js";

/** Weak enough to leave the mean alone, strong enough for features that no data determine. */
export const defaultShrinkage = 1e-3;

/**
 * Tasks are pulled to a common mean w̄ (Evgeniou & Pontil, Regularized multi-task learning, 2004):
 * Σ_t ‖w_t − w̄‖² + μ ‖w̄‖² with w̄ eliminated, K = I − 11ᵀ / (T + μ). μ = `shrinkage`; 0 leaves the mean unpenalised.
 */
export function meanKinship({ shrinkage = defaultShrinkage }: { readonly shrinkage?: number } = {}): KinshipBuilder {
  requireNonNegative(shrinkage, "meanKinship: shrinkage");
  return (tasks) => {
    requireDistinct(tasks, "meanKinship");
    const count = tasks.length;
    const diagonal = new Float64Array(count + 1).fill(1);
    diagonal[count] = count + shrinkage;
    const precision = precisionGraph(
      diagonal,
      tasks.map((_, task) => [task, count, -1]),
    );
    const mean = freshName("mean", tasks);
    return { kind: "mean", tasks, latent: [mean], precision, root: mean };
  };
}

/** A latent node must not bear the name of a task. */
export function freshName(name: string, taken: readonly string[]): string {
  let fresh = `(${name})`;
  while (taken.includes(fresh)) fresh = `(${fresh})`;
  return fresh;
}
