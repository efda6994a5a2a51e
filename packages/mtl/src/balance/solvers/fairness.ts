import { choleskyInPlace, solveCholesky } from "../../algebra/cholesky.js";
import { multiply, type Normalised, perLength } from "../normalise.js";
import { minimumNorm } from "./minimum-norm.js";

export interface FairWeights {
  readonly weights: Float64Array;
  /** |(G w)_i − w_i^(−p)| relative to its terms; 1 where no solution exists. */
  readonly residual: number;
}

/**
 * The w > 0 with (G w)_i = w_i^(−p) for each i: the stationary point of the convex ½ wᵀGw − Σ w^(1−p)/(1−p), or
 * ½ wᵀGw − Σ log w for p = 1. By Newton's method with backtracking.
 *
 * In weights of unit gradients, β_i = w_i |g_i|, it reads (C β)_i = κ_i β_i^(−p) with κ_i = |g_i|^(p−1), and the start
 * β_i = κ_i^(1/(1+p)) solves it for orthogonal gradients. Gradients that are zero get weight 0. Where the gradients
 * cancel (some convex combination is zero) there is no solution: all weights are 0 then, and the residual is 1.
 */
export function fairWeights({ tasks, norms, cosines }: Normalised, p: number): FairWeights {
  const rows = [...norms.keys()].filter((i) => norms[i]! > 0);
  const n = rows.length;
  const none = { weights: new Float64Array(tasks), residual: 1 };
  if (n === 0) return none;
  const c = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) c[i * n + j] = cosines[rows[i]! * tasks + rows[j]!]!;
  // Where Σ λ_i u_i = 0 for some λ ≥ 0, Σ λ_i (Cβ)_i would be 0 too, but no κ_i β_i^(−p) is.
  if (minimumNorm({ tasks: n, norms: new Float64Array(n).fill(1), cosines: c }).length === 0) return none;
  // The common scale of the lengths factors out of the equations: w scales by |g|^(−2/(1+p)).
  const longest = rows.reduce((most, i) => Math.max(most, norms[i]!), 0);
  const start = Float64Array.from(rows, (i) => (norms[i]! / longest) ** ((p - 1) / (p + 1)));
  const x = n === 2 && p === 1 ? pair(c[1]!) : newton(c, start, p);
  const beta = x.map((value, i) => value * start[i]!);
  const full = new Float64Array(tasks);
  for (const [k, i] of rows.entries()) full[i] = beta[k]! * longest ** ((p - 1) / (p + 1));
  return { weights: perLength(full, norms), residual: breach(c, x, start, p) };
}

/** Two tasks bargain as equals: β + cβ = 1/β. */
const pair = (cosine: number): Float64Array => new Float64Array(2).fill(1 / Math.sqrt(1 + cosine));

/**
 * A round makes a weight at most ten times smaller, and for small p weights lie far apart: as the projections' powers of
 * −1/p. Beyond this many tens they have no place among float64.
 */
const mostRounds = 5000;

/** Solves C (b∘x) = b∘x^(−p) for x > 0. */
function newton(c: Float64Array, b: Float64Array, p: number): Float64Array {
  const n = b.length;
  let x: Float64Array = new Float64Array(n).fill(1);
  const hessian = new Float64Array(n * n);
  const step = new Float64Array(n);
  let now = objective(c, x, b, p);
  for (let round = 0; round < mostRounds && breach(c, x, b, p) > 2 * Number.EPSILON; round++) {
    const product = multiply(
      c,
      x.map((v, i) => v * b[i]!),
    );
    hessian.set(c);
    for (let i = 0; i < n; i++) {
      const power = x[i]! ** -p;
      step[i] = b[i]! * power - product[i]!;
      hessian[i * n + i] = c[i * n + i]! + (p * power) / x[i]!;
    }
    const gradient = step.slice();
    if (!solveWithin(hessian, step)) return x;
    let slope = 0;
    let change = 0;
    let length = 1;
    for (let i = 0; i < n; i++) {
      slope += gradient[i]! * step[i]!;
      const relative = step[i]! / (b[i]! * x[i]!);
      change = Math.max(change, Math.abs(relative));
      if (relative * length < -0.9) length = -0.9 / relative;
    }
    if (change < 4 * Number.EPSILON) break;
    for (; ; length /= 2) {
      const next = x.map((v, i) => v + (length * step[i]!) / b[i]!);
      const then = objective(c, next, b, p);
      // What the objective cannot resolve beside its own rounding is left to Newton's step.
      const rounding = 8 * n * Number.EPSILON * (now.size + then.size);
      if (then.value <= now.value - 1e-4 * length * slope + rounding) {
        x = next;
        now = then;
        break;
      }
      if (length < 1e-12) return x;
    }
  }
  return x;
}

/** Solves in place; where rounding left the matrix without a factor, with a little more on its diagonal. */
function solveWithin(matrix: Float64Array, b: Float64Array): boolean {
  const n = b.length;
  for (const more of [0, 1e-13, 1e-10]) {
    const factor = matrix.map((value, k) => (k % (n + 1) === 0 ? value * (1 + more) : value));
    if (choleskyInPlace(factor, n) >= 0) continue;
    solveCholesky(factor, n, b);
    return true;
  }
  return false;
}

/** The convex function whose minimum is sought, and the size of its terms. */
function objective(c: Float64Array, x: Float64Array, b: Float64Array, p: number): { value: number; size: number } {
  const beta = x.map((value, i) => value * b[i]!);
  const product = multiply(c, beta);
  let value = 0;
  let size = 0;
  for (let i = 0; i < x.length; i++) {
    const quadratic = 0.5 * beta[i]! * product[i]!;
    const barrier = b[i]! * b[i]! * (p === 1 ? Math.log(x[i]!) : x[i]! ** (1 - p) / (1 - p));
    value += quadratic - barrier;
    size += Math.abs(quadratic) + Math.abs(barrier);
  }
  return { value, size };
}

function breach(c: Float64Array, x: Float64Array, b: Float64Array, p: number): number {
  const n = x.length;
  let worst = 0;
  for (let i = 0; i < n; i++) {
    const wanted = b[i]! * x[i]! ** -p;
    let found = 0;
    let size = wanted;
    for (let j = 0; j < n; j++) {
      const term = c[i * n + j]! * x[j]! * b[j]!;
      found += term;
      size += Math.abs(term);
    }
    worst = Math.max(worst, Math.abs(found - wanted) / size);
  }
  return worst;
}
