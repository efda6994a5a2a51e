import { dot } from "../algebra/dot.js";
import type { PrecisionGraph } from "../relations/kinship.js";
import type { Grams } from "./grams.js";
import { createLevels } from "./levels.js";
import type { Solver } from "./solver.js";
import { createSystem } from "./system.js";
import { undeterminedNode } from "./undetermined.js";

/** What a solve leaves of the residual where no more may be left; iterative refinement around it does the rest. */
const least = 1e-8;

/**
 * Conjugate gradients for many tasks tied in no particular pattern, preconditioned by sweeps over the tasks and, where
 * the graph is one of neighbourhoods, over aggregates of them. An iteration has no other product.
 */
export function createConjugateGradientSolver(grams: Grams, graph: PrecisionGraph, slopes: number): Solver {
  const { width } = grams;
  const size = graph.size * width;
  const penalties = new Float64Array(width);
  const levels = createLevels(grams, graph, penalties);
  const system = createSystem(grams, graph, penalties);
  const [residual, direction, image, scaled, scaledImage] = Array.from({ length: 5 }, () => new Float64Array(size)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];

  function factor(slope: number, intercept: number): number {
    penalties.fill(slope, 0, slopes);
    if (width > slopes) penalties[slopes] = intercept;
    const failed = levels.factor();
    return failed >= 0 ? failed : undeterminedNode(system, levels, solve);
  }

  function solve(g: Float64Array, out: Float64Array, { reduction = least } = {}): number {
    out.fill(0);
    residual.set(g);
    levels.apply(residual, direction, image);
    let weight = dot(residual, 0, direction, 0, size);
    const goal = Math.max(least, reduction) ** 2 * weight;
    let iteration = 0;
    while (weight > goal && iteration < 10 * size) {
      const curvature = dot(direction, 0, image, 0, size);
      if (!(curvature > 0)) break;
      iteration++;
      const step = weight / curvature;
      for (let i = 0; i < size; i++) {
        out[i] = out[i]! + step * direction[i]!;
        residual[i] = residual[i]! - step * image[i]!;
      }
      levels.apply(residual, scaled, scaledImage);
      const next = dot(residual, 0, scaled, 0, size);
      const momentum = next / weight;
      weight = next;
      for (let i = 0; i < size; i++) {
        direction[i] = scaled[i]! + momentum * direction[i]!;
        image[i] = scaledImage[i]! + momentum * image[i]!;
      }
    }
    return iteration;
  }

  return { name: "conjugate-gradient", enough: 4 * Number.EPSILON, factor, solve };
}
