import { sumOfSquares } from "../algebra/norms.js";
import { dualNorm, type Regularizer } from "./regularizer.js";

/** Ω(W) = Σ_t ‖w_t‖₂: a task has weights or has none. On a part of W, it picks out the outlying tasks. */
export function taskNorms(): Regularizer {
  return {
    kind: "single",
    name: "task-norms",
    source: "Chen, Zhou & Ye, Integrating low-rank and group-sparse structures for robust multi-task learning, 2011",
    parameters: {},
    on: ({ tasks, width }) => {
      const norm = (v: Float64Array, t: number) => Math.sqrt(sumOfSquares(v, t * width, (t + 1) * width));
      return {
        value: (w) => tasks.reduce((total, _, t) => total + norm(w, t), 0),
        proximal(v, step, out) {
          for (let t = 0; t < tasks.length; t++) {
            const size = norm(v, t);
            const factor = size > step ? 1 - step / size : 0;
            for (let i = t * width; i < (t + 1) * width; i++) out[i] = factor * v[i]!;
          }
        },
        dual: dualNorm((v) => tasks.reduce((most, _, t) => Math.max(most, norm(v, t)), 0)),
      };
    },
  };
}
