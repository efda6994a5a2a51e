import type { GramianBalancer, Stateless } from "../balancer.js";
import { multiply, normalise, perLength } from "../normalise.js";
import { minimizeNonNegative } from "../solvers/non-negative.js";
import { gramianMethod, type Weights } from "./method.js";

export interface DualConeOptions {
  /**
   * ε: the Gramian divided by its trace gets ε·I added, which trades a little conflict for weights that vary smoothly.
   * Default 0: the result conflicts with no gradient.
   */
  readonly regularization?: number;
}

/**
 * The mean over tasks of each gradient's projection onto the dual cone {d : ⟨g_j, d⟩ ≥ 0 for all j} (P. Quinton and
 * V. Rey, "Jacobian descent for multi-objective optimization", 2024, section 3): it conflicts with no gradient, and is
 * linear in the length of each.
 */
export const upGrad = ({ regularization = 0 }: DualConeOptions = {}): GramianBalancer<Stateless> =>
  gramianMethod("upGrad", (gramian) => {
    const cone = dualCone("upGrad", gramian, regularization);
    const { tasks } = cone;
    const total = new Float64Array(tasks);
    let residual = 0;
    for (let task = 0; task < tasks; task++) {
      const own = new Float64Array(tasks);
      own[task] = 1 / tasks;
      const projected = cone.project(own);
      residual = Math.max(residual, projected.residual);
      for (let i = 0; i < tasks; i++) total[i] = total[i]! + projected.weights[i]!;
    }
    return { weights: total, residual };
  });

/**
 * Projects Jᵀw onto the dual cone of the gradients: Jᵀv for the v ≥ w with the smallest vᵀGv (Quinton and Rey,
 * proposition 1). Solved for v − w ≥ 0.
 */
export function dualCone(name: string, gramian: Float64Array, regularization: number) {
  const { tasks, norms, cosines } = normalise(name, gramian);
  const q = regularization > 0 ? regularized(gramian, tasks, regularization) : cosines;
  // Without ε the problem is stated for unit gradients, so that only their directions matter to the solver.
  const unit = regularization > 0 ? new Float64Array(tasks).fill(1) : norms;
  return {
    tasks,
    project(weights: Float64Array): Weights {
      const scaled = weights.map((w, i) => w * unit[i]!);
      const size = scaled.reduce((most, w) => Math.max(most, Math.abs(w)), 0);
      if (size === 0) return { weights: weights.slice(), residual: 0 };
      const { x, residual } = minimizeNonNegative(
        q,
        multiply(
          q,
          scaled.map((w) => w / size),
        ),
      );
      const added = perLength(
        x.map((value) => value * size),
        unit,
      );
      return { weights: weights.map((w, i) => w + added[i]!), residual };
    },
  };
}

function regularized(gramian: Float64Array, tasks: number, epsilon: number): Float64Array {
  let trace = 0;
  for (let i = 0; i < tasks; i++) trace += gramian[i * tasks + i]!;
  return gramian.map((value, k) => (trace > 0 ? value / trace : 0) + (k % (tasks + 1) === 0 ? epsilon : 0));
}
