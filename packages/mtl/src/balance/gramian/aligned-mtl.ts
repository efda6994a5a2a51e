import type { GramianBalancer, Stateless } from "../balancer.js";
import { normalise } from "../normalise.js";
import { rankTolerance, symmetricEigen } from "../solvers/pseudo-inverse.js";
import { gramianMethod } from "./method.js";

/**
 * Aligned-MTL: the Jacobian's singular values are all made equal to the smallest (condition number 1), then the rows
 * are averaged (D. Senushkin et al., CVPR 2023, equation 8): w = √λ_min V Λ^(−1/2) Vᵀ 1/m. The smallest is taken among
 * the singular values that are not zero.
 */
export const alignedMtl = (): GramianBalancer<Stateless> =>
  gramianMethod("alignedMtl", (gramian) => {
    const { tasks: m } = normalise("alignedMtl", gramian);
    const { values, vectors } = symmetricEigen(gramian);
    const least = rankTolerance(m) * values[m - 1]!;
    const weights = new Float64Array(m);
    const smallest = values.find((value) => value > least && value > 0);
    if (smallest === undefined) return { weights, residual: 0 };
    for (let k = 0; k < m; k++) {
      if (values[k]! < smallest) continue;
      let mean = 0;
      for (let i = 0; i < m; i++) mean += vectors[i * m + k]! / m;
      const factor = mean * Math.sqrt(smallest / values[k]!);
      for (let i = 0; i < m; i++) weights[i] = weights[i]! + factor * vectors[i * m + k]!;
    }
    return { weights, residual: 0 };
  });
