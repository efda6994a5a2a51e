import { choleskyInPlace, solveCholesky } from "../algebra/cholesky.js";
import { kinshipMatrix } from "../relations/explicit.js";
import type { KinshipBuilder } from "../relations/kinship.js";
import type { Regularizer } from "./regularizer.js";

/** Ω(W) = ½ Σ_ij K_ij ⟨w_i, w_j⟩, K any kinship of the tasks: the penalty of `fitKNorm`, for any loss. */
export function kNorm(kinship: KinshipBuilder): Regularizer {
  return {
    kind: "single",
    name: "k-norm",
    source: "Evgeniou, Micchelli & Pontil, Learning multiple tasks with kernel methods, 2005",
    parameters: {},
    kinship,
    on: ({ tasks, width }) => {
      const count = tasks.length;
      const k = kinshipMatrix(kinship(tasks));
      const factor = new Float64Array(count * count);
      const column = new Float64Array(count);
      let factored = Number.NaN;
      return {
        value(w) {
          let total = 0;
          for (let i = 0; i < count; i++) {
            for (let j = 0; j < count; j++) {
              if (k[i * count + j] === 0) continue;
              let product = 0;
              for (let f = 0; f < width; f++) product += w[i * width + f]! * w[j * width + f]!;
              total += k[i * count + j]! * product;
            }
          }
          return total / 2;
        },
        proximal(v, step, out) {
          if (step !== factored) {
            for (let i = 0; i < factor.length; i++) factor[i] = step * k[i]! + (i % (count + 1) === 0 ? 1 : 0);
            choleskyInPlace(factor, count);
            factored = step;
          }
          for (let f = 0; f < width; f++) {
            for (let t = 0; t < count; t++) column[t] = v[t * width + f]!;
            solveCholesky(factor, count, column);
            for (let t = 0; t < count; t++) out[t * width + f] = column[t]!;
          }
        },
        quadratic: k,
      };
    },
  };
}
