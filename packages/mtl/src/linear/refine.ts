import type { Solver } from "./solver.js";
import { residualOf, type System } from "./system.js";

export interface Refined {
  /** [nodes, width] */
  readonly weights: Float64Array;
  readonly residual: number;
  readonly iterations: number;
}

/** Corrections aim at this part of what is enough: solvers and residuals measure in norms of their own. */
const margin = 0.25;

/**
 * Iterative refinement around a factored solver (Higham, Accuracy and Stability, chapter 12): the residual of the
 * system itself is solved for, until it is rounding, or enough for the solver, or stops halving.
 */
export function refine(system: System, solver: Solver): Refined {
  const { grams, graph } = system;
  const size = graph.size * grams.width;
  const right = new Float64Array(size);
  right.set(grams.moments);
  let weights = new Float64Array(size);
  let iterations = solver.solve(right, weights);
  let residual = residualOf(system, weights, right);
  const correction = new Float64Array(size);
  const { enough = 0 } = solver;
  for (let round = 0; round < 10 && residual > enough; round++) {
    iterations += solver.solve(right, correction, { reduction: (margin * enough) / residual });
    const better = weights.map((value, i) => value + correction[i]!);
    const next = residualOf(system, better, right);
    if (!(next < residual / 2)) {
      if (next < residual) [weights, residual] = [better, next];
      break;
    }
    [weights, residual] = [better, next];
  }
  return { weights, residual, iterations };
}
