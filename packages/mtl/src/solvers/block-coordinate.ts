import { remedyFor } from "./certificate.js";
import type { FeatureBlocks } from "./feature-blocks.js";
import type { SharedGrams } from "./gram-term.js";
import type { ProximalOptions, Solution } from "./proximal-gradient.js";

/**
 * Σ_t ‖X_t w_t − y_t‖² + λ (norm Σ_j ‖W_·j‖₂ + ridge/2 ‖W‖²): each feature's minimum, the others held, costs about the
 * row of the Gram matrices that tells the other features of it (Friedman, Hastie & Tibshirani, 2010, on groups). Passes
 * run over a working set, the features in use and those that break their optimality condition (Tibshirani et al.,
 * Strong rules for discarding predictors, 2012), and the duality gap is taken over all features.
 */
export function createBlockCoordinate(
  blocks: FeatureBlocks,
  grams: Pick<SharedGrams, "moments" | "squares">,
  features: number,
  price: { norm: number; ridge: number },
) {
  const tasks = grams.squares.length;
  const total = grams.squares.reduce((sum, square) => sum + square, 0);
  const moments = transpose(grams.moments, tasks, features);
  const w = new Float64Array(features * tasks);
  const gradient = new Float64Array(features * tasks);
  const change = new Float64Array(tasks);
  const all = Int32Array.from({ length: features }, (_, j) => j);

  function normOf(j: number): number {
    let squares = 0;
    for (let i = j * tasks; i < (j + 1) * tasks; i++) squares += gradient[i]! * gradient[i]!;
    return Math.sqrt(squares);
  }

  /** gradient = 2 (G W − M), from the features in use. */
  function refresh(): void {
    for (let i = 0; i < gradient.length; i++) gradient[i] = -2 * moments[i]!;
    for (let j = 0; j < features; j++) {
      if (inUse(j)) blocks.spread(all, j, w.subarray(j * tasks, (j + 1) * tasks), gradient);
    }
  }

  function inUse(j: number): boolean {
    for (let i = j * tasks; i < (j + 1) * tasks; i++) if (w[i] !== 0) return true;
    return false;
  }

  /** Objective and duality gap over some of the features; over all of them it is the problem's own. */
  function judge(set: Int32Array, lambda: number): { objective: number; gap: number } {
    const [strength, ridge] = [lambda * price.norm, lambda * price.ridge];
    let alignment = -total;
    let errors = total;
    let penalty = 0;
    let most = 0;
    let excess = 0;
    for (const j of set) {
      let squares = 0;
      for (let i = j * tasks; i < (j + 1) * tasks; i++) {
        alignment += w[i]! * moments[i]!;
        errors += w[i]! * (gradient[i]! / 2 - moments[i]!);
        squares += w[i]! * w[i]!;
      }
      penalty += strength * Math.sqrt(squares) + (ridge / 2) * squares;
      const norm = normOf(j);
      most = Math.max(most, norm);
      excess += Math.max(0, norm - strength) ** 2;
    }
    errors = Math.max(0, errors);
    const scale = ridge > 0 || most <= strength ? 1 : strength / most;
    const dual = -scale * (scale * errors + 2 * alignment) - (ridge > 0 ? excess / (2 * ridge) : 0);
    return { objective: errors + penalty, gap: Math.max(0, errors + penalty - dual) };
  }

  function pass(set: Int32Array, lambda: number): void {
    const prices = { strength: lambda * price.norm, ridge: lambda * price.ridge };
    for (const j of set) if (blocks.minimise(j, w, gradient, prices, change)) blocks.spread(set, j, change, gradient);
  }

  function solve({ lambda, start, tolerance, maxIterations, onIteration }: ProximalOptions): Solution {
    if (start === undefined) w.fill(0);
    else w.set(transpose(start, tasks, features));
    const goal = tolerance * total;
    let iterations = 0;
    let judged = { objective: total, gap: 0 };
    for (;;) {
      refresh();
      const before = judged.gap;
      judged = judge(all, lambda);
      if (judged.gap <= goal || iterations >= maxIterations) break;
      // Rounding: the working set was solved, and the whole is no nearer.
      if (iterations > 0 && judged.gap === before) break;
      const set = all.filter((j) => inUse(j) || normOf(j) > lambda * price.norm);
      for (let last = Number.POSITIVE_INFINITY; iterations < maxIterations; ) {
        pass(set, lambda);
        iterations++;
        const { gap, objective } = judge(set, lambda);
        onIteration?.(iterations, objective);
        if (gap <= goal / 2 || (gap >= last && gap <= 1e-13 * total)) break;
        last = gap;
      }
    }
    const residual = total > 0 ? judged.gap / total : 0;
    return {
      weights: transpose(w, features, tasks),
      objective: judged.objective,
      certificate: {
        measure: "duality gap",
        residual,
        iterations,
        converged: residual <= tolerance,
        solver: "block-coordinate",
        remedy: remedyFor(residual, tolerance, iterations, maxIterations),
      },
    };
  }

  return { solve };
}

function transpose(matrix: Float64Array, rows: number, columns: number): Float64Array {
  const out = new Float64Array(matrix.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[j * rows + i] = matrix[i * columns + j]!;
  return out;
}
