import { largestAbsolute } from "../algebra/norms.js";
import { dualNorm, type Regularizer } from "./regularizer.js";

/** Ω(W) = Σ |W_tj|: each task picks its own features. */
export function lasso(): Regularizer {
  return {
    kind: "single",
    name: "lasso",
    source: "Tibshirani, Regression shrinkage and selection via the lasso, 1996",
    parameters: {},
    on: () => ({
      value(w) {
        let total = 0;
        for (let i = 0; i < w.length; i++) total += Math.abs(w[i]!);
        return total;
      },
      proximal(v, step, out) {
        for (let i = 0; i < v.length; i++) {
          const size = Math.abs(v[i]!) - step;
          out[i] = size > 0 ? Math.sign(v[i]!) * size : 0;
        }
      },
      dual: dualNorm(largestAbsolute),
    }),
  };
}
