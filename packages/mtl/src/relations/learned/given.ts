import { factorDetermined, solveCholesky } from "../../algebra/cholesky.js";
import { chooseSolver } from "../../linear/choose-solver.js";
import type { Grams } from "../../linear/grams.js";
import type { PrecisionGraph } from "../kinship.js";
import { coordinatesOf, type Metric, mapGrams, mapSlopes, stiffnessOf, transposeBlocks } from "./metric.js";

export interface GivenProblem {
  readonly grams: Grams;
  readonly graph: PrecisionGraph;
  readonly slopes: number;
  /** D's part beside M: λ/2 for slopes, λ_b/2 for the intercept, [width]. */
  readonly penalties: Float64Array;
}

/** Solves (G_t + P_tt (M ⊗ D)) w_t + Σ P_ts (M ⊗ D) w_s = r_t, the weights' problem for relations given as M. */
export interface GivenSolver {
  /** Returns −1, or the node at which the system showed itself to be singular. */
  factor(metric: Metric): number;
  /** r and w are [nodes, width]. */
  solve(r: Float64Array, w: Float64Array): void;
}

export function createGivenSolver(problem: GivenProblem): GivenSolver {
  const { graph, grams } = problem;
  return graph.value.length === 0 && graph.size === grams.tasks ? solverApart(problem) : solverMapped(problem);
}

/** Tasks that K₀ does not tie are solved one by one, as they are. */
export function solverApart({ grams, graph, slopes, penalties }: GivenProblem): GivenSolver {
  const { tasks, width, matrices } = grams;
  const factors = new Float64Array(tasks * width * width);
  return {
    factor(metric) {
      const stiffness = stiffnessOf(metric);
      for (let task = 0; task < tasks; task++) {
        const own = graph.diagonal[task]!;
        const from = task * width * width;
        for (let i = 0; i < width; i++) {
          const at = from + i * width;
          const strength = penalties[i]! * own;
          for (let j = 0; j <= i; j++) {
            const pull = i < slopes ? stiffness[i * slopes + j]! : j === i ? 1 : 0;
            factors[at + j] = matrices[at + j]! + strength * pull;
          }
        }
        if (factorDetermined(factors, width, from) >= 0) return task;
      }
      return -1;
    },
    solve(r, w) {
      w.set(r);
      for (let task = 0; task < tasks; task++) solveCholesky(factors, width, w, task * width * width, task * width);
    },
  };
}

/** In coordinates where M is the identity, and any solver of the K-norm serves. */
export function solverMapped({ grams, graph, slopes, penalties }: GivenProblem): GivenSolver {
  let outward: Float64Array = new Float64Array(0);
  let inward = outward;
  let solver: ReturnType<typeof chooseSolver> | undefined;
  return {
    factor(metric) {
      const coordinates = coordinatesOf(metric);
      outward = coordinates.outward;
      inward = transposeBlocks(outward, 1, slopes);
      solver = chooseSolver(mapGrams(grams, coordinates), graph, slopes);
      return solver.factor(penalties[0]!, penalties[slopes] ?? 0);
    },
    solve(r, w) {
      const mapped = new Float64Array(w.length);
      solver!.solve(mapSlopes(inward, slopes, r, grams.width), mapped);
      w.set(mapSlopes(outward, slopes, mapped, grams.width));
    },
  };
}
