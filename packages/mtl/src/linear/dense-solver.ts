import { factorDetermined, solveCholesky } from "../algebra/cholesky.js";
import type { PrecisionGraph } from "../relations/kinship.js";
import type { Grams } from "./grams.js";
import type { Solver } from "./solver.js";

/** One Cholesky factorisation of the whole system: for few tasks tied in no particular pattern. */
export function createDenseSolver(grams: Grams, graph: PrecisionGraph, slopes: number): Solver {
  const { tasks, width, matrices } = grams;
  const size = graph.size * width;
  const factors = new Float64Array(size * size);

  function factor(slope: number, intercept: number): number {
    factors.fill(0);
    const penalty = (i: number) => (i < slopes ? slope : intercept);
    for (let node = 0; node < graph.size; node++) {
      for (let i = 0; i < width; i++) {
        const row = (node * width + i) * size + node * width;
        if (node < tasks) {
          for (let j = 0; j <= i; j++) factors[row + j] = matrices[(node * width + i) * width + j]!;
        }
        const own = graph.diagonal[node]! * penalty(i) || (node < tasks ? 0 : 1);
        factors[row + i] = factors[row + i]! + own;
      }
    }
    for (let edge = 0; edge < graph.value.length; edge++) {
      const [a, b] = [graph.from[edge]!, graph.to[edge]!];
      const [high, low] = a > b ? [a, b] : [b, a];
      for (let i = 0; i < width; i++) {
        const at = (high * width + i) * size + low * width + i;
        factors[at] = factors[at]! + penalty(i) * graph.value[edge]!;
      }
    }
    const row = factorDetermined(factors, size);
    return row < 0 ? -1 : Math.floor(row / width);
  }

  function solve(g: Float64Array, out: Float64Array): number {
    out.set(g);
    solveCholesky(factors, size, out);
    return 1;
  }

  return { name: "dense", factor, solve };
}
