/** A minimiser and how far it is from satisfying the Karush–Kuhn–Tucker conditions, relative to the problem's scale. */
export interface QuadraticSolution {
  readonly x: Float64Array;
  readonly residual: number;
}

/**
 * Minimises ½ xᵀQx + hᵀx over x ≥ 0, Q symmetric positive semi-definite, n × n.
 *
 * The active-set method of Lawson and Hanson (Solving Least Squares Problems, chapter 23) on the normal equations, as
 * Bro and de Jong write it (Journal of Chemometrics 11, 1997). Variables are scaled so that Q has a unit diagonal. A
 * variable that depends linearly on those already free takes the place of one of them, as in the simplex method, or adds
 * nothing and is passed over. Where the objective has no lower bound, the residual says that nothing was found.
 */
export function minimizeNonNegative(q: Float64Array, h: Float64Array): QuadraticSolution {
  const n = h.length;
  const scale = new Float64Array(n);
  for (let i = 0; i < n; i++) scale[i] = Math.sqrt(q[i * n + i]!);
  const a = new Float64Array(n * n);
  const b = new Float64Array(n);
  let size = 0;
  for (let i = 0; i < n; i++) {
    // A variable without curvature stays at zero: it has no effect.
    if (!(scale[i]! > 0)) continue;
    b[i] = -h[i]! / scale[i]!;
    size = Math.max(size, Math.abs(b[i]!));
    for (let j = 0; j < n; j++) if (scale[j]! > 0) a[i * n + j] = q[i * n + j]! / (scale[i]! * scale[j]!);
  }
  const x = new Float64Array(n);
  if (size === 0) return { x, residual: 0 };
  for (let i = 0; i < n; i++) b[i] = b[i]! / size;
  solve(a, b, x);
  const residual = violation(a, b, x);
  for (let i = 0; i < n; i++) x[i] = scale[i]! > 0 ? (x[i]! * size) / scale[i]! : 0;
  return { x, residual };
}

function solve(a: Float64Array, b: Float64Array, x: Float64Array): void {
  const n = b.length;
  const free: number[] = [];
  const passedOver = new Uint8Array(n);
  const factor = new Float64Array(n * n);
  const candidate = new Float64Array(n);
  for (let round = 0; round < 10 * n + 10; round++) {
    const entering = steepest(a, b, x, free, passedOver);
    if (entering < 0) return;
    free.push(entering);
    if (!factorRow(a, factor, free, free.length - 1)) {
      free.pop();
      if (!exchange(a, b, x, free, factor, entering)) {
        passedOver[entering] = 1;
        continue;
      }
      passedOver.fill(0);
    }
    for (;;) {
      solveFactored(factor, b, free, candidate);
      let step = 1;
      for (let k = 0; k < free.length; k++) step = Math.min(step, reach(x[free[k]!]!, candidate[k]!));
      if (step === 1) {
        for (let k = 0; k < free.length; k++) x[free[k]!] = candidate[k]!;
        break;
      }
      let first = free.length;
      for (let k = free.length - 1; k >= 0; k--) {
        const i = free[k]!;
        const at = x[i]!;
        x[i] = at + step * (candidate[k]! - at);
        if (reach(at, candidate[k]!) > step) continue;
        x[i] = 0;
        free.splice(k, 1);
        first = k;
      }
      for (let k = first; k < free.length; k++) factorRow(a, factor, free, k);
      // What blocked the entering variable has changed.
      passedOver.fill(0);
      if (free.length === 0) break;
      if (!free.includes(entering)) {
        passedOver[entering] = 1;
        break;
      }
    }
  }
}

/**
 * Exchanges a free variable for one that depends on the free ones: along the direction that leaves Qx as it is, the
 * objective is linear, so it falls until a free variable is zero. False where it does not fall, or without end.
 */
function exchange(
  a: Float64Array,
  b: Float64Array,
  x: Float64Array,
  free: number[],
  factor: Float64Array,
  entering: number,
): boolean {
  const n = b.length;
  const { descent, size } = descentOf(a, b, x, free, entering);
  if (!(descent > 1e-10 * size)) return false;
  const share = new Float64Array(n);
  solveFactored(factor, a.subarray(entering * n, (entering + 1) * n), free, share);
  let leaving = -1;
  let step = Number.POSITIVE_INFINITY;
  for (let k = 0; k < free.length; k++) {
    const ratio = share[k]! > 1e-12 ? x[free[k]!]! / share[k]! : Number.POSITIVE_INFINITY;
    if (ratio >= step) continue;
    step = ratio;
    leaving = k;
  }
  if (leaving < 0) return false;
  for (let k = 0; k < free.length; k++) x[free[k]!] = Math.max(x[free[k]!]! - step * share[k]!, 0);
  x[free[leaving]!] = 0;
  x[entering] = step;
  free.splice(leaving, 1);
  free.push(entering);
  for (let k = leaving; k < free.length; k++)
    if (!factorRow(a, factor, free, k)) {
      x[entering] = 0;
      free.pop();
      return false;
    }
  return true;
}

/** How fast the objective falls with a variable, and the size of the terms that say so. */
function descentOf(a: Float64Array, b: Float64Array, x: Float64Array, free: readonly number[], i: number) {
  const n = b.length;
  let descent = b[i]!;
  let size = Math.abs(descent);
  for (const j of free) {
    const term = a[i * n + j]! * x[j]!;
    descent -= term;
    size += Math.abs(term);
  }
  return { descent, size };
}

/** How much of the way from `at` to `target` a variable can go before it is negative. */
const reach = (at: number, target: number): number => (target > 0 ? 1 : at > 0 ? at / (at - target) : 0);

/** The variable at zero whose increase lowers the objective fastest, or −1. */
function steepest(
  a: Float64Array,
  b: Float64Array,
  x: Float64Array,
  free: readonly number[],
  passedOver: Uint8Array,
): number {
  const n = b.length;
  let best = -1;
  let most = 0;
  for (let i = 0; i < n; i++) {
    if (passedOver[i] || !(a[i * n + i]! > 0) || free.includes(i)) continue;
    const { descent, size } = descentOf(a, b, x, free, i);
    if (descent > Math.max(most, 8 * Number.EPSILON * size)) {
      most = descent;
      best = i;
    }
  }
  return best;
}

/** Row k of the Cholesky factor of the free variables' block; false where the variable depends on those before. */
function factorRow(a: Float64Array, factor: Float64Array, free: readonly number[], k: number): boolean {
  const n = Math.sqrt(a.length);
  const row = k * n;
  for (let j = 0; j <= k; j++) {
    let value = a[free[k]! * n + free[j]!]!;
    for (let l = 0; l < j; l++) value -= factor[row + l]! * factor[j * n + l]!;
    if (j < k) factor[row + j] = value / factor[j * n + j]!;
    else {
      // The squared sine of the angle between the variable's vector and the span of the others.
      if (!(value > 16 * n * Number.EPSILON)) return false;
      factor[row + k] = Math.sqrt(value);
    }
  }
  return true;
}

function solveFactored(factor: Float64Array, b: Float64Array, free: readonly number[], x: Float64Array): void {
  const n = b.length;
  const count = free.length;
  for (let k = 0; k < count; k++) {
    let value = b[free[k]!]!;
    for (let l = 0; l < k; l++) value -= factor[k * n + l]! * x[l]!;
    x[k] = value / factor[k * n + k]!;
  }
  for (let k = count - 1; k >= 0; k--) {
    let value = x[k]!;
    for (let l = k + 1; l < count; l++) value -= factor[l * n + k]! * x[l]!;
    x[k] = value / factor[k * n + k]!;
  }
}

/** The largest breach of x ≥ 0, ∇ ≥ 0, x·∇ = 0, relative to the terms that make up the gradient. */
function violation(a: Float64Array, b: Float64Array, x: Float64Array): number {
  const n = b.length;
  let worst = 0;
  for (let i = 0; i < n; i++) {
    if (!(a[i * n + i]! > 0)) continue;
    let slope = -b[i]!;
    let size = 1;
    for (let j = 0; j < n; j++) {
      slope += a[i * n + j]! * x[j]!;
      size = Math.max(size, Math.abs(a[i * n + j]! * x[j]!));
    }
    worst = Math.max(worst, (x[i]! > 0 ? Math.abs(slope) : Math.max(0, -slope)) / size);
  }
  return worst;
}
