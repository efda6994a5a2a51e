import { choleskyInPlace, solveCholesky } from "../../algebra/cholesky.js";
import { InputError } from "../../errors.js";
import type { GramianBalancer, Stateless } from "../balancer.js";
import { dotProduct, multiply, type Normalised, normalise, perLength } from "../normalise.js";
import { minimumNorm } from "../solvers/minimum-norm.js";
import { minimizeNonNegative } from "../solvers/non-negative.js";
import { gramianMethod, type Weights } from "./method.js";

export interface CaGradOptions {
  /** c: how far the direction may lie from the mean gradient g₀, in parts of |g₀|. 0 is the mean itself. Default 0.5. */
  readonly radius?: number;
}

/**
 * Conflict-averse gradient descent: of all d with |d − g₀| ≤ c |g₀| the one whose worst ⟨g_i, d⟩ is largest (B. Liu et
 * al., NeurIPS 2021, equation 3). For c < 1 it converges to a minimiser of the mean loss.
 */
export function caGrad({ radius = 0.5 }: CaGradOptions = {}): GramianBalancer<Stateless> {
  if (!(radius >= 0 && radius < Number.POSITIVE_INFINITY))
    throw new InputError(`caGrad: the radius must be a number of at least 0, not ${radius}`);
  return gramianMethod("caGrad", (gramian) => conflictAverse(normalise("caGrad", gramian), radius));
}

/**
 * With d = g₀ + Jᵀy, y ≥ 0, the optimal worst product ν satisfies ⟨g_i, d⟩ ≥ ν, with equality where y_i > 0: for a given
 * ν that is a non-negative quadratic problem, and |Jᵀy| grows with ν until it reaches c |g₀|. While the same tasks are
 * active, that equation is quadratic in ν, so a few rounds find it exactly.
 */
function conflictAverse(normalised: Normalised, radius: number): Weights {
  const { tasks, norms, cosines } = normalised;
  const mean = new Float64Array(tasks).fill(1 / tasks);
  const longest = norms.reduce((most, length) => Math.max(most, length), 0);
  const unit = norms.map((length) => (longest > 0 ? length / longest / tasks : 0));
  const products = multiply(cosines, unit);
  const meanSquare = dotProduct(unit, products);
  const size = unit.reduce((sum, value) => sum + value, 0);
  // A mean of which only rounding is left has no direction that others could be near to.
  if (meanSquare <= 16 * tasks * Number.EPSILON * size * size || radius === 0) return { weights: mean, residual: 0 };
  const meanLength = Math.sqrt(meanSquare);
  // In units of |g₀| and of the shortest gradient: b_i = ⟨u_i, g₀⟩, a_i = 1/|g_i|.
  const b = products.map((value) => value / meanLength);
  const shortest = norms.reduce((least, length) => (length > 0 ? Math.min(least, length) : least), longest);
  const a = norms.map((length) => (length > 0 ? shortest / length : 0));
  const rows = [...norms.keys()].filter((i) => norms[i]! > 0);
  let low = Math.min(...rows.map((i) => b[i]! / a[i]!));
  let high = Math.min(...rows.map((i) => (b[i]! + radius) / a[i]!));
  // Where the gradients cancel, and where one is zero, no direction has only positive products.
  if (rows.length < tasks || minimumNorm(normalised).length === 0) high = Math.min(high, 0);
  const solve = (worst: number) =>
    minimizeNonNegative(
      cosines,
      b.map((value, i) => (norms[i]! > 0 ? value - worst * a[i]! : 0)),
    );
  let worst = high;
  let found = solve(worst);
  for (let round = 0; round < 100; round++) {
    const length = Math.sqrt(Math.max(dotProduct(found.x, multiply(cosines, found.x)), 0));
    if (Math.abs(length - radius) <= 4e-15 * radius || (worst >= 0 && worst === high && length <= radius)) break;
    if (length > radius) high = worst;
    else low = worst;
    const next = onActiveTasks(cosines, a, b, found.x, radius);
    const inside = next !== undefined && next > low && next < high ? next : low + (high - low) / 2;
    if (inside <= low || inside >= high || inside === worst) break;
    worst = inside;
    found = solve(worst);
  }
  const added = perLength(found.x, norms);
  return {
    weights: mean.map((w, i) => w + added[i]! * meanLength * longest),
    residual: found.residual,
  };
}

/** The larger ν with |C_S^(−1/2) (ν a − b)| = c on the active tasks S. */
function onActiveTasks(
  cosines: Float64Array,
  a: Float64Array,
  b: Float64Array,
  y: Float64Array,
  radius: number,
): number | undefined {
  const active = [...y.keys()].filter((i) => y[i]! > 0);
  const n = active.length;
  if (n === 0) return undefined;
  const factor = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) factor[i * n + j] = cosines[active[i]! * b.length + active[j]!]!;
  if (choleskyInPlace(factor, n) >= 0) return undefined;
  const ownA = Float64Array.from(active, (i) => a[i]!);
  const ownB = Float64Array.from(active, (i) => b[i]!);
  const solvedA = ownA.slice();
  const solvedB = ownB.slice();
  solveCholesky(factor, n, solvedA);
  solveCholesky(factor, n, solvedB);
  const [p, q, r] = [dotProduct(ownA, solvedA), dotProduct(ownA, solvedB), dotProduct(ownB, solvedB)];
  const discriminant = q * q - p * (r - radius * radius);
  return discriminant >= 0 ? (q + Math.sqrt(discriminant)) / p : undefined;
}
