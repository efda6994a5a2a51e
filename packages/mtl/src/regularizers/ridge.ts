import { sumOfSquares } from "../algebra/norms.js";
import { precisionGraph } from "../relations/kinship.js";
import type { Regularizer } from "./regularizer.js";

/** Ω(W) = ½ ‖W‖_F²: single-task ridge. */
export function ridge(): Regularizer {
  return {
    kind: "single",
    name: "ridge",
    source: "Hoerl & Kennard, Ridge regression, 1970",
    parameters: {},
    on: ({ tasks }) => ({
      value: (w) => sumOfSquares(w) / 2,
      proximal(v, step, out) {
        for (let i = 0; i < v.length; i++) out[i] = v[i]! / (1 + step);
      },
      dual: { polar: () => 0, conjugate: (v) => sumOfSquares(v) / 2 },
      quadratic: precisionGraph(
        tasks.map(() => 1),
        [],
      ),
    }),
  };
}
