import type { GramianBalancer, Stateless } from "../balancer.js";
import { dotProduct, multiply, normalise, perLength } from "../normalise.js";
import { pseudoSolve, solveResidual } from "../solvers/pseudo-inverse.js";
import { gramianMethod } from "./method.js";

/**
 * Conflict-free updates (ConFIG): the direction with equal positive cosines to all gradients, as long as the sum of the
 * gradients' projections onto it (Q. Liu, M. Chu and N. Thuerey, ICLR 2025, equations 2 and 3): U⁺1 = Uᵀ C⁺ 1.
 */
export const conFig = (): GramianBalancer<Stateless> =>
  gramianMethod("conFig", (gramian) => {
    const { norms, cosines } = normalise("conFig", gramian);
    const ones = norms.map((length) => (length > 0 ? 1 : 0));
    const beta = pseudoSolve(cosines, ones);
    const products = multiply(cosines, beta);
    const square = dotProduct(beta, products);
    if (!(square > 0)) return { weights: new Float64Array(norms.length), residual: 1 };
    const length = dotProduct(norms, products) / square;
    return {
      weights: perLength(
        beta.map((value) => value * length),
        norms,
      ),
      residual: solveResidual(cosines, beta, ones),
    };
  });
