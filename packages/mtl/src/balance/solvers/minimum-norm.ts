import { dotProduct, multiply, type Normalised } from "../normalise.js";
import { minimizeNonNegative } from "./non-negative.js";

export interface MinimumNorm {
  /** On the simplex. */
  readonly weights: Float64Array;
  /** |Σ w_i g_i| relative to the shortest gradient, at most 1: 0 where only rounding is left, at a Pareto-stationary point. */
  readonly length: number;
  /** Breach of ⟨g_i, d⟩ ≥ |d|² for all i, with equality where w_i > 0, relative to the terms of the products. */
  readonly residual: number;
}

/**
 * The point of smallest norm in the convex hull of the gradients.
 *
 * min |Jᵀw|² on the simplex has, up to a factor, the solution of min ½ |Jᵀw|² + ½ s (1ᵀw − 1)² over w ≥ 0 for any s > 0
 * (Lawson and Hanson, Solving Least Squares Problems, chapter 23.4): the conditions of both say that all ⟨g_i, d⟩ with
 * w_i > 0 are equal and no other is smaller. In weights of unit gradients, with s the square of the shortest length,
 * every number is at most 1.
 */
export function minimumNorm({ tasks, norms, cosines }: Normalised): MinimumNorm {
  const shortest = norms.reduce((least, length) => Math.min(least, length), Number.POSITIVE_INFINITY);
  if (shortest === 0) {
    // A gradient that is zero is itself the point of smallest norm.
    const zeros = norms.reduce((count, length) => count + (length === 0 ? 1 : 0), 0);
    return { weights: norms.map((length) => (length === 0 ? 1 / zeros : 0)), length: 0, residual: 0 };
  }
  const inverse = norms.map((length) => shortest / length);
  const q = new Float64Array(tasks * tasks);
  for (let i = 0; i < tasks; i++)
    for (let j = 0; j < tasks; j++) q[i * tasks + j] = cosines[i * tasks + j]! + inverse[i]! * inverse[j]!;
  const { x: beta } = minimizeNonNegative(
    q,
    inverse.map((value) => -value),
  );
  const total = dotProduct(beta, inverse);
  for (let i = 0; i < tasks; i++) beta[i] = beta[i]! / total;
  const products = multiply(cosines, beta);
  const size = beta.reduce((sum, value) => sum + value, 0);
  const found = dotProduct(beta, products);
  const square = found > 16 * tasks * Number.EPSILON * size * size ? found : 0;
  let residual = 0;
  for (let i = 0; i < tasks; i++) {
    const slack = products[i]! - square * inverse[i]!;
    residual = Math.max(residual, (beta[i]! > 0 ? Math.abs(slack) : -slack) / size);
  }
  return { weights: beta.map((value, i) => value * inverse[i]!), length: Math.sqrt(square), residual };
}
