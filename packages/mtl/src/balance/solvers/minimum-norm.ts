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
 * w_i > 0 are equal and no other is smaller. In weights β of unit gradients, with s the square of the shortest length,
 * every number is at most 1.
 *
 * Where the hull contains zero and the lengths differ by 1e7 and more, the second term is lost beside the rounding of the
 * first. The hull of the unit gradients then contains zero too, and in weights that sum to 1 this is well conditioned.
 */
export function minimumNorm(problem: Normalised): MinimumNorm {
  const { norms } = problem;
  const shortest = norms.reduce((least, length) => Math.min(least, length), Number.POSITIVE_INFINITY);
  if (shortest === 0) {
    // A gradient that is zero is itself the point of smallest norm.
    const zeros = norms.reduce((count, length) => count + (length === 0 ? 1 : 0), 0);
    return { weights: norms.map((length) => (length === 0 ? 1 / zeros : 0)), length: 0, residual: 0 };
  }
  const inverse = norms.map((length) => shortest / length);
  const beta = minimizer(problem, inverse);
  // By the conditions of the second problem this is |d|², and a difference of numbers of order 1: in the square of a short
  // sum of long terms there is nothing but rounding, which the conditions of the first would multiply by `inverse`.
  const square = Math.max(0, 1 / dotProduct(beta, inverse) - 1);
  const found = certified(problem, inverse, beta, square);
  if (found.residual < tolerance) return found;
  const stationary = certified(problem, inverse, minimizer(problem, new Float64Array(norms.length).fill(1)), 0);
  return stationary.residual < found.residual ? stationary : found;
}

/** The residual that is taken for rounding. */
const tolerance = 1e-12;

/** Of ½ βᵀCβ + ½ (sᵀβ − 1)² over β ≥ 0. */
function minimizer({ tasks, cosines }: Normalised, s: Float64Array): Float64Array {
  const q = new Float64Array(tasks * tasks);
  for (let i = 0; i < tasks; i++)
    for (let j = 0; j < tasks; j++) q[i * tasks + j] = cosines[i * tasks + j]! + s[i]! * s[j]!;
  const h = s.map((value) => -value);
  return minimizeNonNegative(q, h).x;
}

/** The point of the hull that β gives, with the conditions that it must satisfy where |d|² is `square`. */
function certified(
  { tasks, cosines }: Normalised,
  inverse: Float64Array,
  unscaled: Float64Array,
  square: number,
): MinimumNorm {
  const total = dotProduct(unscaled, inverse);
  const beta = unscaled.map((value) => value / total);
  const products = multiply(cosines, beta);
  const size = beta.reduce((sum, value) => sum + value, 0);
  let residual = 0;
  for (let i = 0; i < tasks; i++) {
    const slack = products[i]! - square * inverse[i]!;
    residual = Math.max(residual, (beta[i]! > 0 ? Math.abs(slack) : -slack) / size);
  }
  const found = dotProduct(beta, products);
  const length = found > 16 * tasks * Number.EPSILON * size * size ? Math.sqrt(found) : 0;
  return { weights: beta.map((value, i) => value * inverse[i]!), length, residual };
}
