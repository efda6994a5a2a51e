import { chooseSolver } from "../linear/choose-solver.js";
import { planForest } from "../linear/forest.js";
import { emptyGrams } from "../linear/grams.js";
import { interpolateLatent } from "../linear/latent.js";
import { refine } from "../linear/refine.js";
import { createSystem } from "../linear/system.js";
import { kinshipMatrix } from "../relations/explicit.js";
import { type Kinship, type KinshipBuilder, type PrecisionGraph, precisionGraph } from "../relations/kinship.js";
import { multiplyPrecision } from "../relations/precision.js";
import type { Regularizer } from "./regularizer.js";

/** Ω(W) = ½ Σ_ij K_ij ⟨w_i, w_j⟩, K any kinship of the tasks: the penalty of `fitKNorm`, for any loss. */
export function kNorm(kinship: KinshipBuilder): Regularizer {
  return {
    kind: "single",
    name: "k-norm",
    source: "Evgeniou, Micchelli & Pontil, Learning multiple tasks with kernel methods, 2005",
    parameters: {},
    kinship,
    on: ({ tasks, width }) => {
      const graph = sparseGraph(kinship(tasks));
      const size = tasks.length * width;
      const forest = planForest(graph);
      let step = Number.NaN;
      let solveNodes: ((column: Float64Array) => Float64Array) | undefined;
      return {
        value(w) {
          const all = new Float64Array(graph.size * width);
          all.set(w);
          if (graph.size > tasks.length) {
            for (let f = 0; f < width; f++) interpolateLatent(graph, forest!, tasks.length, width, f, all);
          }
          const pulled = multiplyPrecision(graph, all, width, width);
          let total = 0;
          for (let i = 0; i < size; i++) total += w[i]! * pulled[i]!;
          return total / 2;
        },
        proximal(v, next, out) {
          if (next !== step || solveNodes === undefined) {
            solveNodes = proximalSolver(graph, tasks.length, next);
            step = next;
          }
          const column = new Float64Array(tasks.length);
          for (let f = 0; f < width; f++) {
            for (let t = 0; t < tasks.length; t++) column[t] = v[t * width + f]!;
            const solved = solveNodes(column);
            for (let t = 0; t < tasks.length; t++) out[t * width + f] = solved[t]!;
          }
        },
        quadratic: graph,
      };
    },
  };
}

/** Latent nodes stay where they are a forest with the tasks; where they are not, they are eliminated. */
function sparseGraph(kinship: Kinship): PrecisionGraph {
  const { precision, tasks } = kinship;
  if (precision.size === tasks.length || planForest(precision) !== null) return precision;
  const count = tasks.length;
  const k = kinshipMatrix(kinship);
  const edges = Array.from({ length: count }, (_, i) =>
    Array.from({ length: i }, (_, j) => [i, j, k[i * count + j]!] as const),
  ).flat();
  return precisionGraph(
    tasks.map((_, i) => k[i * count + i]!),
    edges,
  );
}

/** Solves (I + step K) u = v: a K-norm fit of one feature, whose Gram matrices are 1. */
function proximalSolver(graph: PrecisionGraph, tasks: number, step: number): (v: Float64Array) => Float64Array {
  const grams = emptyGrams(tasks, 1);
  grams.matrices.fill(1);
  const solver = chooseSolver(grams, graph, 1);
  solver.factor(step, 0);
  const system = createSystem(grams, graph, Float64Array.of(step));
  return (v) => {
    grams.moments.set(v);
    return refine(system, solver).weights;
  };
}
