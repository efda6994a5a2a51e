import { choleskyInPlace, solveCholesky } from "../../algebra/cholesky.js";
import { multiply, type Normalised, perLength } from "../normalise.js";

export interface FairWeights {
  readonly weights: Float64Array;
  /** |(G w)_i − w_i^(−p)| relative to its terms; 1 where no solution exists. */
  readonly residual: number;
}

/** Weights of unit gradients beyond this show that the gradients cancel: the point is Pareto-stationary. */
const unbounded = 1e10;

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
  // The common scale of the lengths factors out of the equations: w scales by |g|^(−2/(1+p)).
  const longest = rows.reduce((most, i) => Math.max(most, norms[i]!), 0);
  const start = Float64Array.from(rows, (i) => (norms[i]! / longest) ** ((p - 1) / (p + 1)));
  const x = n === 2 && p === 1 ? pair(c[1]!) : newton(c, start, p);
  if (!x) return none;
  const beta = x.map((value, i) => value * start[i]!);
  const full = new Float64Array(tasks);
  for (const [k, i] of rows.entries()) full[i] = beta[k]! * longest ** ((p - 1) / (p + 1));
  return { weights: perLength(full, norms), residual: breach(c, x, start, p) };
}

/** Two tasks bargain as equals: β + cβ = 1/β. */
const pair = (cosine: number): Float64Array | undefined =>
  1 + cosine > 8 * Number.EPSILON ? new Float64Array(2).fill(1 / Math.sqrt(1 + cosine)) : undefined;

/** Solves C (b∘x) = b∘x^(−p) for x > 0; undefined where x grows without bound. */
function newton(c: Float64Array, b: Float64Array, p: number): Float64Array | undefined {
  const n = b.length;
  let x: Float64Array = new Float64Array(n).fill(1);
  const hessian = new Float64Array(n * n);
  const step = new Float64Array(n);
  let value = objective(c, x, b, p);
  let last = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 200; round++) {
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
    let slope = 0;
    const gradient = step.slice();
    if (choleskyInPlace(hessian, n) >= 0) return undefined;
    solveCholesky(hessian, n, step);
    let change = 0;
    let length = 1;
    for (let i = 0; i < n; i++) {
      slope += gradient[i]! * step[i]!;
      const relative = step[i]! / (b[i]! * x[i]!);
      change = Math.max(change, Math.abs(relative));
      if (relative * length < -0.9) length = -0.9 / relative;
    }
    // Once small, Newton's steps shrink quadratically until only rounding is left, much of it where gradients nearly cancel.
    if (change < 4 * Number.EPSILON || (change < 0.1 && change > last / 2)) break;
    last = change;
    for (; ; length /= 2) {
      const next = x.map((v, i) => v + (length * step[i]!) / b[i]!);
      const nextValue = objective(c, next, b, p);
      // Near the solution the objective no longer resolves the descent: Newton's step is right there.
      if (nextValue <= value - 1e-4 * length * slope || change < 1e-6) {
        x = next;
        value = nextValue;
        break;
      }
      if (length < 1e-12) return x;
    }
    if (x.some((v) => v > unbounded)) return undefined;
  }
  return x;
}

function objective(c: Float64Array, x: Float64Array, b: Float64Array, p: number): number {
  const beta = x.map((value, i) => value * b[i]!);
  const product = multiply(c, beta);
  let total = 0;
  for (let i = 0; i < x.length; i++) {
    const barrier = p === 1 ? Math.log(x[i]!) : x[i]! ** (1 - p) / (1 - p);
    total += 0.5 * beta[i]! * product[i]! - b[i]! * b[i]! * barrier;
  }
  return total;
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
