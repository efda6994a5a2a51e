import type { GramianBalancer, Stateless } from "../balancer.js";
import { normalise } from "../normalise.js";
import { minimumNorm } from "../solvers/minimum-norm.js";
import { gramianMethod } from "./method.js";

/**
 * The multiple-gradient descent algorithm: the shortest vector of the gradients' convex hull, zero exactly where no
 * direction lowers all losses (J.-A. Désidéri, Comptes Rendus Mathematique 350, 2012; for multi-task learning O. Sener
 * and V. Koltun, NeurIPS 2018, equation 3). `residual` is that of its KKT conditions.
 */
export const mgda = (): GramianBalancer<Stateless> =>
  gramianMethod("mgda", (gramian) => minimumNorm(normalise("mgda", gramian)));
