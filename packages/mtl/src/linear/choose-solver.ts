import type { PrecisionGraph } from "../relations/kinship.js";
import { createConjugateGradientSolver } from "./conjugate-gradient.js";
import { createDenseSolver } from "./dense-solver.js";
import { planForest } from "./forest.js";
import { createForestSolver } from "./forest-solver.js";
import type { Grams } from "./grams.js";
import type { Solver } from "./solver.js";

/** Up to this many unknowns one dense factorisation is quicker than iterating. */
const denseLimit = 600;

/** The solver that the structure of the kinship allows; `slopes` is the width without the intercept. */
export function chooseSolver(grams: Grams, graph: PrecisionGraph, slopes: number): Solver {
  const forest = planForest(graph);
  if (forest !== null) return createForestSolver(grams, graph, forest, slopes);
  if (graph.size * grams.width <= denseLimit) return createDenseSolver(grams, graph, slopes);
  return createConjugateGradientSolver(grams, graph, slopes);
}
