import type { GramianBalancer, Stateless } from "../balancer.js";
import { normalise } from "../normalise.js";
import { gradedEigen } from "../solvers/graded-eigen.js";
import { gramianMethod } from "./method.js";

/**
 * Aligned-MTL: the Jacobian's singular values are all made equal to the smallest (condition number 1), then the rows
 * are averaged (D. Senushkin et al., CVPR 2023, equation 8): w = √λ_min V Λ^(−1/2) Vᵀ 1/m. The smallest is taken among
 * the singular values that are not zero.
 */
export const alignedMtl = (): GramianBalancer<Stateless> =>
  gramianMethod("alignedMtl", (gramian) => {
    const { tasks: m, norms, cosines } = normalise("alignedMtl", gramian);
    const { roots, vectors } = gradedEigen(norms, cosines);
    const weights = new Float64Array(m);
    const smallest = roots.reduce((least, root) => Math.min(least, root), Number.POSITIVE_INFINITY);
    roots.forEach((root, k) => {
      const vector = vectors[k]!;
      const factor = (vector.reduce((sum, entry) => sum + entry, 0) / m) * (smallest / root);
      vector.forEach((entry, i) => {
        weights[i] = weights[i]! + factor * entry;
      });
    });
    return { weights, residual: 0 };
  });
