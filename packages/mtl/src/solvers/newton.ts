import { dot } from "../algebra/dot.js";
import { sumOf, sumOfSquares } from "../algebra/norms.js";
import type { PrecisionGraph } from "../relations/kinship.js";
import { multiplyPrecision } from "../relations/precision.js";
import { remedyFor } from "./certificate.js";
import type { DataTerm } from "./data-term.js";
import type { ProximalOptions, Solution } from "./proximal-gradient.js";

/** ½ Σ_k D_k Σ_ij P_ij v_ik v_jk over tasks and latent nodes: what Newton's method adds to the data. */
export interface QuadraticPenalty {
  readonly graph: PrecisionGraph;
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
  const { tolerance, maxIterations, onIteration } = options;
  const { graph, strengths, ridges } = penalty;
  const width = strengths.length;
  const size = graph.size * width;
  const [gradient, pull, diagonal, scratch, candidate] = [0, 1, 2, 3, 4].map(() => new Float64Array(size)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  /** The tasks' part of all nodes. */
  const tasksOf = (v: Float64Array) => v.subarray(0, term.size);

  /** out = (D ⊗ P + ridges) v */
  function applyPenalty(v: Float64Array, out: Float64Array): void {
    multiplyPrecision(graph, v, width, width, out);
    for (let i = 0; i < size; i++) out[i] = strengths[i % width]! * out[i]! + ridges[i % width]! * v[i]!;
  }

  /** The objective at v; its gradient in `gradient`. */
  function evaluate(v: Float64Array): number {
    gradient.fill(0, term.size);
    const value = term.evaluate(tasksOf(v), tasksOf(gradient));
    applyPenalty(v, pull);
    for (let i = 0; i < size; i++) gradient[i] = gradient[i]! + pull[i]!;
    return value + dot(v, 0, pull, 0, size) / 2;
  }

  const w = new Float64Array(size);
  const valueOfNone = evaluate(w);
  const reference = Math.sqrt(sumOfSquares(gradient));
  term.diagonal(tasksOf(diagonal));
  // ‖∇F‖² ≤ 2 · curvature · F for F ≥ 0: a gradient of this size is rounding, and the data ask for no weights.
  const rounding = 4 * Number.EPSILON * Math.sqrt(sumOf(diagonal)) * Math.sqrt(Math.abs(valueOfNone));
  const asked = reference > rounding;
  if (asked && options.start !== undefined) w.set(options.start);
  let objective = evaluate(w);
  let residual = asked ? Math.sqrt(sumOfSquares(gradient)) / reference : 0;
  let iterations = 0;
  // Levenberg's: where the curvature says nothing of a direction (Huber's loss, all rows far off), Newton's step has no end.
  let damping = 0;
  // Steps beyond the tolerance are nearly free: convergence is superlinear.
  while (residual > 1e-3 * tolerance && iterations < maxIterations) {
    iterations++;
    diagonal.fill(0, term.size);
    term.diagonal(tasksOf(diagonal));
    for (let i = 0; i < size; i++) {
      const k = i % width;
      diagonal[i] = diagonal[i]! + strengths[k]! * graph.diagonal[Math.floor(i / width)]! + ridges[k]!;
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

/** Less than this part of what the diagonal alone would give is rounding. */
const flat = 1e-14;

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
    image.fill(0, term.size);
    term.curve(direction.subarray(0, term.size), image.subarray(0, term.size));
    applyPenalty(direction, pulled);
    for (let i = 0; i < size; i++) image[i] = image[i]! + pulled[i]!;
    const curvature = dot(direction, 0, image, 0, size);
    let most = 0;
    for (let i = 0; i < size; i++) most += diagonal[i]! * direction[i]! ** 2;
    // A curvature that is rounding of its terms: there is none, and a step would have no end.
    if (!(curvature > flat * most)) break;
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
