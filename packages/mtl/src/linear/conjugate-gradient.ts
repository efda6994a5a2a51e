import { choleskyInPlace, invertCholesky } from "../algebra/cholesky.js";
import { dot } from "../algebra/dot.js";
import { multiplyRows } from "../algebra/multiply-rows.js";
import type { PrecisionGraph } from "../relations/kinship.js";
import type { Grams } from "./grams.js";
import type { Solver } from "./solver.js";
import { applySystem, createSystem } from "./system.js";

/** The residual at which an inner solve stops; iterative refinement around it does the rest. */
const tolerance = 1e-8;

/**
 * Conjugate gradients, preconditioned by the blocks G_i + P_ii D of the tasks (block Jacobi):
 * for many tasks tied in no particular pattern. Each iteration costs (tasks) · d² + (edges) · d.
 */
export function createConjugateGradientSolver(grams: Grams, graph: PrecisionGraph, slopes: number): Solver {
  const { tasks, width, matrices } = grams;
  const size = graph.size * width;
  const block = width * width;
  /** Inverted: a product streams through memory, where substitution waits for each sum. */
  const inverses = new Float64Array(graph.size * block);
  const scratch = new Float64Array(block);
  const penalties = new Float64Array(width);
  const system = createSystem(grams, graph, penalties);
  const [residual, direction, image, preconditioned] = [0, 1, 2, 3].map(() => new Float64Array(size)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];

  function factor(slope: number, intercept: number): number {
    penalties.fill(slope, 0, slopes);
    if (width > slopes) penalties[slopes] = intercept;
    inverses.fill(0);
    for (let node = 0; node < graph.size; node++) {
      if (node < tasks) inverses.set(matrices.subarray(node * block, (node + 1) * block), node * block);
      for (let i = 0; i < width; i++) {
        const own = graph.diagonal[node]! * penalties[i]! || (node < tasks ? 0 : 1);
        inverses[node * block + i * width + i]! += own;
      }
      if (choleskyInPlace(inverses, width, node * block) >= 0) return node;
      invertCholesky(inverses, width, scratch, node * block);
    }
    return -1;
  }

  function precondition(): void {
    for (let node = 0; node < graph.size; node++) {
      const at = node * width;
      multiplyRows(inverses, node * block, width, width, residual, at, preconditioned, at);
    }
  }

  function solve(g: Float64Array, out: Float64Array): number {
    out.fill(0);
    residual.set(g);
    precondition();
    direction.set(preconditioned);
    let weight = dot(residual, 0, preconditioned, 0, size);
    const goal = tolerance * tolerance * dot(g, 0, g, 0, size);
    let iteration = 0;
    for (; iteration < 10 * size && dot(residual, 0, residual, 0, size) > goal; iteration++) {
      applySystem(system, direction, image);
      const curvature = dot(direction, 0, image, 0, size);
      if (!(curvature > 0)) break;
      const step = weight / curvature;
      for (let i = 0; i < size; i++) {
        out[i] = out[i]! + step * direction[i]!;
        residual[i] = residual[i]! - step * image[i]!;
      }
      precondition();
      const next = dot(residual, 0, preconditioned, 0, size);
      const momentum = next / weight;
      weight = next;
      for (let i = 0; i < size; i++) direction[i] = preconditioned[i]! + momentum * direction[i]!;
    }
    return iteration;
  }

  return { name: "conjugate-gradient", factor, solve };
}
