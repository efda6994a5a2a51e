import { choleskyInPlace, solveCholesky } from "../../algebra/cholesky.js";
import { chooseSolver } from "../../linear/choose-solver.js";
import type { Grams } from "../../linear/grams.js";
import { refine } from "../../linear/refine.js";
import { createSystem } from "../../linear/system.js";
import type { PrecisionGraph } from "../kinship.js";
import { coordinatesOf, type Metric, mapGrams, mapSlopes } from "./metric.js";

export interface GivenProblem {
  readonly grams: Grams;
  readonly graph: PrecisionGraph;
  readonly slopes: number;
  /** D's part beside M: λ/2 for slopes, λ_b/2 for the intercept, [width]. */
  readonly penalties: Float64Array;
}

export interface GivenSolution {
  /** [nodes, width] */
  readonly weights: Float64Array;
  /** The node at which the system was singular, or −1. */
  readonly failed: number;
}

/** The weights that are best for relations given as M: (G_t + P_tt (M ⊗ D)) w_t + Σ P_ts (M ⊗ D) w_s = m_t. */
export function solveGiven(problem: GivenProblem, metric: Metric): GivenSolution {
  const { graph, grams } = problem;
  return graph.value.length === 0 && graph.size === grams.tasks
    ? solveApart(problem, metric)
    : solveMapped(problem, metric);
}

/** Tasks that K₀ does not tie are solved one by one, as they are. */
export function solveApart({ grams, graph, slopes, penalties }: GivenProblem, metric: Metric): GivenSolution {
  const { tasks, width, matrices, moments } = grams;
  const stiffness = stiffnessOf(metric, slopes);
  const weights = moments.slice();
  const factor = new Float64Array(width * width);
  for (let task = 0; task < tasks; task++) {
    const own = graph.diagonal[task]!;
    const from = task * width * width;
    for (let i = 0; i < width; i++) {
      const at = i * width;
      if (i === slopes) {
        for (let j = 0; j < i; j++) factor[at + j] = matrices[from + at + j]!;
        factor[at + i] = matrices[from + at + i]! + penalties[i]! * own;
      } else {
        const strength = penalties[i]! * own;
        for (let j = 0; j <= i; j++) factor[at + j] = matrices[from + at + j]! + strength * stiffness[i * slopes + j]!;
      }
    }
    if (choleskyInPlace(factor, width) >= 0) return { weights, failed: task };
    solveCholesky(factor, width, weights, 0, task * width);
  }
  return { weights, failed: -1 };
}

/** In coordinates where M is the identity, and any solver of the K-norm serves. */
export function solveMapped({ grams, graph, slopes, penalties }: GivenProblem, metric: Metric): GivenSolution {
  const coordinates = coordinatesOf(metric);
  const mapped = mapGrams(grams, coordinates);
  const solver = chooseSolver(mapped, graph, slopes);
  const failed = solver.factor(penalties[0]!, penalties[slopes] ?? 0);
  if (failed >= 0) return { weights: new Float64Array(graph.size * grams.width), failed };
  const { weights } = refine(createSystem(mapped, graph, penalties), solver);
  return { weights: mapSlopes(coordinates.outward, slopes, weights, grams.width), failed };
}

/** M = U diag(stiffness) Uᵀ */
function stiffnessOf({ directions, stiffness }: Metric, slopes: number): Float64Array {
  const scaled = new Float64Array(slopes * slopes);
  for (let i = 0; i < slopes; i++) {
    for (let k = 0; k < slopes; k++) scaled[i * slopes + k] = directions[i * slopes + k]! * stiffness[k]!;
  }
  const matrix = new Float64Array(slopes * slopes);
  for (let i = 0; i < slopes; i++) {
    for (let j = 0; j <= i; j++) {
      let value = 0;
      for (let k = 0; k < slopes; k++) value += scaled[i * slopes + k]! * directions[j * slopes + k]!;
      matrix[i * slopes + j] = value;
      matrix[j * slopes + i] = value;
    }
  }
  return matrix;
}
