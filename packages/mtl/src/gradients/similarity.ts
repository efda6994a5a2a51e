import { normalise } from "../balance/normalise.js";
import { rankTolerance, symmetricEigen } from "../balance/solvers/pseudo-inverse.js";

// Diagnostics of how tasks conflict, all from the Gramian of their gradients.

/** The cosine between each two gradients, m × m; 0 beside a gradient that is zero. Negative: the tasks conflict. */
export const gradientCosines = (gramian: Float64Array): Float64Array => normalise("gradientCosines", gramian).cosines;

/**
 * 2|g_i||g_j| / (|g_i|² + |g_j|²), m × m: 1 for equal lengths, near 0 where one task drowns the other (T. Yu et al.,
 * NeurIPS 2020, definition 2). 1 for two gradients that are zero.
 */
export function magnitudeSimilarity(gramian: Float64Array): Float64Array {
  const { tasks, norms } = normalise("magnitudeSimilarity", gramian);
  return gramian.map((_, k) => {
    const [a, b] = [norms[Math.floor(k / tasks)]!, norms[k % tasks]!];
    const longer = Math.max(a, b);
    if (longer === 0) return 1;
    const ratio = Math.min(a, b) / longer;
    return (2 * ratio) / (1 + ratio * ratio);
  });
}

/**
 * The condition number of the tasks' gradients, σ_max/σ_min of the Jacobian: 1 where they are orthogonal and equally
 * long, infinite where they depend on each other (D. Senushkin et al., CVPR 2023, section 3.2).
 */
export function conditionNumber(gramian: Float64Array): number {
  const { tasks } = normalise("conditionNumber", gramian);
  const { values } = symmetricEigen(gramian);
  const [least, most] = [values[0]!, values[tasks - 1]!];
  if (most === 0) return Number.NaN;
  return least > rankTolerance(tasks) * most ? Math.sqrt(most / least) : Number.POSITIVE_INFINITY;
}

/** The part of pairs of tasks whose gradients conflict: 0 for one task. */
export function conflictRate(gramian: Float64Array): number {
  const { tasks, cosines } = normalise("conflictRate", gramian);
  let conflicts = 0;
  for (let i = 0; i < tasks; i++) for (let j = 0; j < i; j++) if (cosines[i * tasks + j]! < 0) conflicts++;
  return tasks > 1 ? conflicts / ((tasks * (tasks - 1)) / 2) : 0;
}
