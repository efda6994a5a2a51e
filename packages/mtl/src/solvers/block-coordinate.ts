import { remedyFor } from "./certificate.js";
import type { SharedGrams } from "./gram-term.js";
import type { ProximalOptions, Solution } from "./proximal-gradient.js";

/**
 * Σ_t ‖X w_t − y_t‖² + λ (norm Σ_j ‖W_·j‖₂ + ridge/2 ‖W‖²) where all tasks share X: each feature's minimum, the others
 * held, is closed, and a change of it costs one column of the Gram matrix (Friedman, Hastie & Tibshirani, 2010, on
 * groups). Passes run over a working set, the features in use and those that break their optimality condition
 * (Tibshirani et al., Strong rules for discarding predictors, 2012), and the duality gap is taken over all features.
 */
export function createBlockCoordinate(grams: SharedGrams, features: number, price: { norm: number; ridge: number }) {
  const gram = grams.matrices[0]!;
  const tasks = grams.squares.length;
  const total = grams.squares.reduce((sum, square) => sum + square, 0);
  const moments = transpose(grams.moments, tasks, features);
  const w = new Float64Array(features * tasks);
  const gradient = new Float64Array(features * tasks);
  const change = new Float64Array(tasks);

  function normOf(j: number): number {
    let squares = 0;
    for (let i = j * tasks; i < (j + 1) * tasks; i++) squares += gradient[i]! * gradient[i]!;
    return Math.sqrt(squares);
  }

  /** gradient = 2 (G W − M), from the features in use. */
  function refresh(): void {
    for (let i = 0; i < gradient.length; i++) gradient[i] = -2 * moments[i]!;
    for (let j = 0; j < features; j++) {
      if (inUse(j)) for (let k = 0; k < features; k++) addScaled(k, 2 * gram[j * features + k]!, w, j * tasks);
    }
  }

  function inUse(j: number): boolean {
    for (let i = j * tasks; i < (j + 1) * tasks; i++) if (w[i] !== 0) return true;
    return false;
  }

  function addScaled(k: number, factor: number, v: Float64Array, from: number): void {
    const to = k * tasks;
    for (let t = 0; t < tasks; t++) gradient[to + t] = gradient[to + t]! + factor * v[from + t]!;
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

  /** Brings the gradient of the working set up to date with a change of feature j. By index: this is where time goes. */
  function spread(set: Int32Array, j: number): void {
    const count = tasks;
    for (let s = 0; s < set.length; s++) {
      const k = set[s]!;
      const factor = 2 * gram[j * features + k]!;
      const to = k * count;
      for (let t = 0; t < count; t++) gradient[to + t] = gradient[to + t]! + factor * change[t]!;
    }
  }

  function pass(set: Int32Array, lambda: number): void {
    const [strength, ridge] = [lambda * price.norm, lambda * price.ridge];
    for (const j of set) {
      const own = 2 * gram[j * features + j]!;
      if (!(own > 0)) continue;
      let squares = 0;
      for (let t = 0; t < tasks; t++) {
        change[t] = own * w[j * tasks + t]! - gradient[j * tasks + t]!;
        squares += change[t]! * change[t]!;
      }
      const norm = Math.sqrt(squares);
      const factor = norm > strength ? (1 - strength / norm) / (own + ridge) : 0;
      let moved = false;
      for (let t = 0; t < tasks; t++) {
        const value = factor * change[t]!;
        change[t] = value - w[j * tasks + t]!;
        w[j * tasks + t] = value;
        if (change[t] !== 0) moved = true;
      }
      if (moved) spread(set, j);
    }
  }

  function solve({ lambda, start, tolerance, maxIterations, onIteration }: ProximalOptions): Solution {
    if (start === undefined) w.fill(0);
    else w.set(transpose(start, tasks, features));
    const all = Int32Array.from({ length: features }, (_, j) => j);
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
