import { dot } from "../algebra/dot.js";
import { sumOfSquares } from "../algebra/norms.js";
import { remedyFor } from "./certificate.js";
import type { DataTerm } from "./data-term.js";
import type { ProximalOptions, Solution } from "./proximal-gradient.js";

/** ½ Σ_k D_k Σ_ij K_ij v_ik v_jk: what Newton's method adds to the data. */
export interface QuadraticPenalty {
  /** [T, T] */
  readonly matrix: Float64Array;
  /** λ, or for an intercept its own, of each entry of a task's row. */
  readonly strengths: Float64Array;
  /** Ridge of each entry of a task's row, whatever K is. */
  readonly ridges: Float64Array;
}

/**
 * Newton's method with conjugate gradients (Nocedal & Wright, Numerical optimization, algorithm 7.1) and Armijo's line
 * search: for smooth losses with quadratic penalties. The objective never rises but by rounding.
 */
export function solveNewton(
  term: DataTerm,
  penalty: QuadraticPenalty,
  options: Omit<ProximalOptions, "lambda">,
): Solution {
  const { size } = term;
  const { tolerance, maxIterations, onIteration } = options;
  const width = penalty.strengths.length;
  const tasks = size / width;
  const [gradient, pull, diagonal, scratch, candidate] = [0, 1, 2, 3, 4].map(() => new Float64Array(size)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];

  /** out = (D ⊗ K + ridges) v */
  function applyPenalty(v: Float64Array, out: Float64Array): void {
    out.fill(0);
    for (let i = 0; i < tasks; i++) {
      const to = i * width;
      for (let j = 0; j < tasks; j++) {
        const entry = penalty.matrix[i * tasks + j]!;
        if (entry === 0) continue;
        for (let k = 0; k < width; k++) out[to + k] = out[to + k]! + entry * v[j * width + k]!;
      }
      for (let k = 0; k < width; k++) {
        out[to + k] = penalty.strengths[k]! * out[to + k]! + penalty.ridges[k]! * v[to + k]!;
      }
    }
  }

  /** The objective at v; its gradient in `gradient`. */
  function evaluate(v: Float64Array): number {
    const value = term.evaluate(v, gradient);
    applyPenalty(v, pull);
    for (let i = 0; i < size; i++) gradient[i] = gradient[i]! + pull[i]!;
    return value + dot(v, 0, pull, 0, size) / 2;
  }

  const w = new Float64Array(size);
  evaluate(w);
  const reference = Math.sqrt(sumOfSquares(gradient));
  if (options.start !== undefined) w.set(options.start);
  let objective = evaluate(w);
  let residual = reference > 0 ? Math.sqrt(sumOfSquares(gradient)) / reference : 0;
  let iterations = 0;
  // Levenberg's: where the curvature says nothing of a direction (Huber's loss, all rows far off), Newton's step has no end.
  let damping = 0;
  // Steps beyond the tolerance are nearly free: convergence is superlinear.
  while (residual > 1e-3 * tolerance && iterations < maxIterations) {
    iterations++;
    term.diagonal(diagonal);
    for (let i = 0; i < size; i++) {
      const k = i % width;
      const t = Math.floor(i / width);
      diagonal[i] = diagonal[i]! + penalty.strengths[k]! * penalty.matrix[t * tasks + t]! + penalty.ridges[k]!;
    }
    const forcing = term.quadratic ? 1e-12 : Math.min(0.1, Math.sqrt(residual), 10 * residual);
    const applyDamped = (v: Float64Array, out: Float64Array): void => {
      applyPenalty(v, out);
      if (damping > 0) for (let i = 0; i < size; i++) out[i] = out[i]! + damping * v[i]!;
    };
    for (let i = 0; i < size; i++) diagonal[i] = diagonal[i]! + damping;
    const direction = conjugateGradients(term, applyDamped, gradient, diagonal, Math.max(forcing, 1e-12));
    const slope = dot(direction, 0, gradient, 0, size);
    let step = 1;
    let value = Number.POSITIVE_INFINITY;
    const slack = 1e-14 * Math.abs(objective);
    for (let halving = 0; halving < 60 && slope < 0; halving++) {
      for (let i = 0; i < size; i++) candidate[i] = w[i]! + step * direction[i]!;
      scratch.set(gradient);
      value = evaluate(candidate);
      if (value <= objective + 1e-4 * step * slope + slack) break;
      gradient.set(scratch);
      step /= 2;
    }
    const next = Math.sqrt(sumOfSquares(gradient)) / reference;
    if (!(value <= objective + slack) || (value >= objective && next >= residual)) {
      evaluate(w);
      damping = Math.max(10 * damping, 1e-3 * residual * reference);
      if (term.quadratic || residual <= tolerance || damping > 1e6 * reference) break;
      continue;
    }
    damping = damping > 1e-6 * residual * reference ? damping / 10 : 0;
    w.set(candidate);
    objective = value;
    residual = next;
    onIteration?.(iterations, objective);
  }
  return {
    weights: w,
    objective,
    certificate: {
      measure: "KKT residual",
      residual,
      iterations,
      converged: residual <= tolerance,
      solver: "newton",
      remedy: remedyFor(residual, tolerance, iterations, maxIterations),
    },
  };
}

/** Solves H p = −g to a share of ‖g‖, preconditioned by the diagonal. */
function conjugateGradients(
  term: DataTerm,
  applyPenalty: (v: Float64Array, out: Float64Array) => void,
  gradient: Float64Array,
  diagonal: Float64Array,
  share: number,
): Float64Array {
  const size = gradient.length;
  const solution = new Float64Array(size);
  const residual = gradient.map((value) => -value);
  const scaled = new Float64Array(size);
  const image = new Float64Array(size);
  const pulled = new Float64Array(size);
  const precondition = () => {
    for (let i = 0; i < size; i++) scaled[i] = diagonal[i]! > 0 ? residual[i]! / diagonal[i]! : residual[i]!;
  };
  precondition();
  const direction = scaled.slice();
  let weight = dot(residual, 0, scaled, 0, size);
  const goal = share * share * sumOfSquares(residual);
  for (let round = 0; round < 2 * size + 50 && sumOfSquares(residual) > goal; round++) {
    term.curve(direction, image);
    applyPenalty(direction, pulled);
    for (let i = 0; i < size; i++) image[i] = image[i]! + pulled[i]!;
    const curvature = dot(direction, 0, image, 0, size);
    if (!(curvature > 0)) break;
    const step = weight / curvature;
    for (let i = 0; i < size; i++) {
      solution[i] = solution[i]! + step * direction[i]!;
      residual[i] = residual[i]! - step * image[i]!;
    }
    precondition();
    const next = dot(residual, 0, scaled, 0, size);
    const momentum = next / weight;
    weight = next;
    for (let i = 0; i < size; i++) direction[i] = scaled[i]! + momentum * direction[i]!;
  }
  return solution;
}
