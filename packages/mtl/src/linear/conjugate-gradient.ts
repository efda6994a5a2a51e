import { dot } from "../algebra/dot.js";
import type { PrecisionGraph } from "../relations/kinship.js";
import type { Grams } from "./grams.js";
import { type Blocks, createLevels, invertBlocks, type Levels } from "./levels.js";
import type { Solver } from "./solver.js";
import { createSweeps } from "./sweeps.js";
import { applySystem, createSystem } from "./system.js";

/** The residual at which an inner solve stops; iterative refinement around it does the rest. */
const tolerance = 1e-8;
/** Sweeps that have not ended by then move along a graph of many steps: aggregates of tasks carry further. */
const patience = 60;

/**
 * Conjugate gradients for many tasks tied in no particular pattern. At first preconditioned by symmetric block
 * Gauss–Seidel, whose iteration is two sweeps and no other product (Eisenstat, Efficient implementation of a class of
 * preconditioned conjugate gradient methods, 1981): (tasks) · d² + (edges) · d each. Where that is slow, as in a strong
 * graph of long paths, preconditioned by the blocks of tasks and of aggregates of them.
 */
export function createConjugateGradientSolver(grams: Grams, graph: PrecisionGraph, slopes: number): Solver {
  const { tasks, width, matrices } = grams;
  const size = graph.size * width;
  const penalties = new Float64Array(width);
  const system = createSystem(grams, graph, penalties);
  const blocks: Blocks = {
    size: graph.size,
    grams: matrices,
    known: tasks,
    diagonal: graph.diagonal,
    inverses: new Float64Array(size * width),
  };
  const sweeps = createSweeps(graph, blocks.inverses, penalties);
  let levels: Levels | undefined;
  const [residual, direction, image, preconditioned, back, backImage, ahead, aheadImage] = Array.from(
    { length: 8 },
    () => new Float64Array(size),
  ) as [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array, Float64Array, Float64Array, Float64Array];
  let far = false;

  function factor(slope: number, intercept: number): number {
    penalties.fill(slope, 0, slopes);
    if (width > slopes) penalties[slopes] = intercept;
    far = false;
    return invertBlocks(blocks, penalties);
  }

  function solve(g: Float64Array, out: Float64Array): number {
    out.fill(0);
    const swept = far ? 0 : solveBySweeps(g, out);
    if (!far) return swept;
    levels ??= createLevels(blocks, graph, width);
    if (swept > 0) levels.factor(penalties);
    return swept + solveByLevels(levels, g, out);
  }

  /**
   * On Â y = (D + L)⁻¹ g with Â = (D + L)⁻¹ A (D + Lᵀ)⁻¹, preconditioned by B⁻¹: Â y = u + (D + L)⁻¹ (y − B u) with
   * u = (D + Lᵀ)⁻¹ y, and B times all of these falls out of the sweeps.
   */
  function solveBySweeps(g: Float64Array, out: Float64Array): number {
    sweeps.forward(g, residual, preconditioned);
    direction.set(preconditioned);
    let weight = dot(residual, 0, preconditioned, 0, size);
    const goal = tolerance * tolerance * weight;
    let iteration = 0;
    for (; weight > goal; iteration++) {
      if (iteration === patience) {
        far = true;
        break;
      }
      sweeps.backward(direction, back, backImage);
      for (let i = 0; i < size; i++) ahead[i] = direction[i]! - backImage[i]!;
      sweeps.forward(ahead, image, aheadImage);
      let curvature = 0;
      for (let i = 0; i < size; i++) curvature += direction[i]! * (back[i]! + image[i]!);
      if (!(curvature > 0)) break;
      const step = weight / curvature;
      let next = 0;
      for (let i = 0; i < size; i++) {
        out[i] = out[i]! + step * direction[i]!;
        residual[i] = residual[i]! - step * (back[i]! + image[i]!);
        preconditioned[i] = preconditioned[i]! - step * (backImage[i]! + aheadImage[i]!);
        next += residual[i]! * preconditioned[i]!;
      }
      const momentum = next / weight;
      weight = next;
      for (let i = 0; i < size; i++) direction[i] = preconditioned[i]! + momentum * direction[i]!;
    }
    ahead.set(out);
    sweeps.backward(ahead, out, backImage);
    return iteration;
  }

  /** From `out` on. */
  function solveByLevels(levels: Levels, g: Float64Array, out: Float64Array): number {
    applySystem(system, out, image);
    for (let i = 0; i < size; i++) residual[i] = g[i]! - image[i]!;
    levels.apply(residual, preconditioned);
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
      levels.apply(residual, preconditioned);
      const next = dot(residual, 0, preconditioned, 0, size);
      const momentum = next / weight;
      weight = next;
      for (let i = 0; i < size; i++) direction[i] = preconditioned[i]! + momentum * direction[i]!;
    }
    return iteration;
  }

  return { name: "conjugate-gradient", enough: 4 * Number.EPSILON, factor, solve };
}
