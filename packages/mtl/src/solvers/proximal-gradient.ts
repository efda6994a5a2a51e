import { sumOfSquares } from "../algebra/norms.js";
import type { Penalty } from "../regularizers/regularizer.js";
import { type FitCertificate, remedyFor } from "./certificate.js";
import { type DataTerm, largestCurvature } from "./data-term.js";

export interface ProximalProblem {
  readonly term: DataTerm;
  /** On `copies` arrays of weights side by side, whose sum is W. */
  readonly penalty: Penalty;
  readonly copies: number;
}

/** What a solution is judged against: the fit without weights, or with λ too large for any. */
export interface NullFit {
  readonly value: number;
  /** ∇F(0) */
  readonly gradient: Float64Array;
  /** The largest curvature of F there, or more where steps of that length have no end; found when first asked for. */
  curvature(): number;
}

export function nullFit(term: DataTerm): NullFit {
  const gradient = new Float64Array(term.size);
  const value = term.evaluate(new Float64Array(term.size), gradient);
  let curvature = -1;
  return {
    value,
    gradient,
    curvature() {
      if (curvature < 0) {
        term.evaluate(new Float64Array(term.size), new Float64Array(term.size));
        // ‖∇F‖² ≤ 2 · curvature · F for F ≥ 0. Huber's loss curves nowhere at weights from which all rows are far off.
        const least = value > 0 ? sumOfSquares(gradient) / (2 * value) : 0;
        curvature = Math.max(largestCurvature(term), least);
      }
      return curvature;
    },
  };
}

export interface ProximalOptions {
  readonly lambda: number;
  readonly start?: Float64Array;
  readonly tolerance: number;
  readonly maxIterations: number;
  /** Called with the iteration and its objective. */
  readonly onIteration?: ((iteration: number, objective: number) => void) | undefined;
}

export interface Solution {
  /** [copies, tasks, outputs · features] */
  readonly weights: Float64Array;
  readonly objective: number;
  readonly certificate: FitCertificate;
}

/** Between two looks at the duality gap, which costs about a proximal step. */
const checkEvery = 5;

/**
 * FISTA (Beck & Teboulle, 2009) with backtracking and restarts by function value and gradient (O'Donoghue & Candès,
 * 2015). A step that would raise the objective is taken again without momentum, so the objective never rises but by
 * rounding. One gradient a step for quadratic F, whose gradients extrapolate as their points do.
 */
export function solveProximal(
  { term, penalty, copies }: ProximalProblem,
  reference: NullFit,
  options: ProximalOptions,
): Solution {
  const { lambda, tolerance, maxIterations, onIteration } = options;
  const size = term.size * copies;
  const small = Math.sqrt(sumOfSquares(reference.gradient));
  const gapKnown = penalty.dual !== undefined && lambda > 0;
  const merged = copies === 1 ? null : new Float64Array(term.size);
  const mergedGradient = copies === 1 ? null : new Float64Array(term.size);

  /** F of the sum of the parts; every part has the same gradient. */
  const evaluate = (w: Float64Array, gradient: Float64Array): number => {
    if (merged === null || mergedGradient === null) return term.evaluate(w, gradient);
    merged.fill(0);
    for (let i = 0; i < size; i++) merged[i % term.size]! += w[i]!;
    const value = term.evaluate(merged, mergedGradient);
    for (let c = 0; c < copies; c++) gradient.set(mergedGradient, c * term.size);
    return value;
  };

  let w = new Float64Array(size);
  if (options.start !== undefined) w.set(options.start);
  let gradient = new Float64Array(size);
  let before = w.slice();
  let gradientBefore = new Float64Array(size);
  let next = new Float64Array(size);
  let nextGradient = new Float64Array(size);
  const y = new Float64Array(size);
  const yGradient = new Float64Array(size);
  const scaled = new Float64Array(size);

  let curvature = Math.max(reference.curvature() * copies * 1.01, Number.MIN_VALUE);
  let smooth = evaluate(w, gradient);
  let objective = smooth + lambda * penalty.value(w);
  let momentum = 1;
  let residual = gapAt(smooth, objective);
  let iterations = 0;
  if (reference.value === 0 || small === 0) {
    // The data ask for no weights: none is the minimum.
    if (objective > 0) {
      w.fill(0);
      smooth = evaluate(w, gradient);
      objective = smooth + lambda * penalty.value(w);
    }
    residual = 0;
  }

  /** The relative duality gap at the weights last evaluated; infinite where none is known. */
  function gapAt(value: number, total: number): number {
    if (!gapKnown || penalty.dual === undefined) return Number.POSITIVE_INFINITY;
    const reach = penalty.dual.polar(gradient);
    const scale = reach > lambda ? lambda / reach : 1;
    for (let i = 0; i < size; i++) scaled[i] = (scale * gradient[i]!) / lambda;
    const dual = term.dual(scale) - lambda * penalty.dual.conjugate(scaled);
    const gap = Number.isFinite(dual) ? total - dual : total;
    return Math.max(0, gap) / (reference.value || value || 1);
  }

  while (residual > tolerance && iterations < maxIterations) {
    iterations++;
    const nextMomentum = (1 + Math.sqrt(1 + 4 * momentum * momentum)) / 2;
    let beta = (momentum - 1) / nextMomentum;
    let accepted = false;
    let kkt = Number.POSITIVE_INFINITY;
    let total = objective;
    let nextSmooth = smooth;
    for (let attempt = 0; attempt < 100; attempt++) {
      let ySmooth = smooth;
      for (let i = 0; i < size; i++) y[i] = w[i]! + beta * (w[i]! - before[i]!);
      if (beta === 0) yGradient.set(gradient);
      else if (term.quadratic) {
        for (let i = 0; i < size; i++) yGradient[i] = gradient[i]! + beta * (gradient[i]! - gradientBefore[i]!);
      } else ySmooth = evaluate(y, yGradient);
      for (let i = 0; i < size; i++) scaled[i] = y[i]! - yGradient[i]! / curvature;
      const strength = penalty.proximal(scaled, lambda / curvature, next) ?? penalty.value(next);
      nextSmooth = evaluate(next, nextGradient);
      total = nextSmooth + lambda * strength;
      let squares = 0;
      let along = 0;
      let curved = 0;
      let residualSquares = 0;
      for (let i = 0; i < size; i++) {
        const move = next[i]! - y[i]!;
        const turn = nextGradient[i]! - yGradient[i]!;
        squares += move * move;
        along += yGradient[i]! * move;
        curved += turn * move;
        residualSquares += (turn - curvature * move) ** 2;
      }
      kkt = Math.sqrt(residualSquares) / small;
      const bound = (curvature / 2) * squares;
      // By gradients where F is quadratic, for which it is exact, and where differences of values are rounding.
      const byValues = !term.quadratic && bound > 1e-9 * Math.abs(ySmooth);
      const majorised = byValues ? nextSmooth - ySmooth - along <= bound : curved <= 2 * bound * (1 + 1e-9);
      if (!Number.isFinite(total)) curvature *= 10;
      else if (!majorised) curvature = term.quadratic ? Math.max(1.3 * curvature, curved / squares) : 1.5 * curvature;
      else if (total <= objective || (beta === 0 && total <= objective + 1e-14 * Math.abs(objective))) {
        accepted = true;
        break;
      } else if (beta === 0) break;
      else {
        beta = 0;
        momentum = 1;
      }
    }
    if (!accepted) {
      // Rounding: `next` is no better. The residual tells how good `w` is.
      evaluate(w, gradient);
      residual = gapKnown ? gapAt(smooth, objective) : Math.min(residual, kkt);
      break;
    }
    [before, w, next] = [w, next, before];
    [gradientBefore, gradient, nextGradient] = [gradient, nextGradient, gradientBefore];
    momentum = beta === 0 ? (1 + Math.sqrt(5)) / 2 : nextMomentum;
    // Momentum that points uphill is dropped.
    let uphill = 0;
    for (let i = 0; i < size; i++) uphill += (y[i]! - w[i]!) * (w[i]! - before[i]!);
    if (uphill > 0) momentum = 1;
    smooth = nextSmooth;
    objective = total;
    onIteration?.(iterations, objective);
    curvature *= term.quadratic ? 0.95 : 0.97;
    if (!gapKnown) residual = kkt;
    else if (iterations % checkEvery === 0 || kkt < 1e-12) residual = gapAt(smooth, objective);
  }
  return {
    weights: w,
    objective,
    certificate: {
      measure: gapKnown ? "duality gap" : "KKT residual",
      residual,
      iterations,
      converged: residual <= tolerance,
      solver: "proximal-gradient",
      remedy: remedyFor(residual, tolerance, iterations, maxIterations),
    },
  };
}

/** The least λ at which no weights are the minimum; 0 where the penalty knows of none. */
export function largestLambda({ penalty, copies }: ProximalProblem, { gradient }: NullFit): number {
  if (penalty.dual === undefined) return 0;
  const repeated = new Float64Array(gradient.length * copies);
  for (let c = 0; c < copies; c++) repeated.set(gradient, c * gradient.length);
  return penalty.dual.polar(repeated);
}
