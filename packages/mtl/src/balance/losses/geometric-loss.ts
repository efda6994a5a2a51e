import type { LossBalancer, Stateless } from "../balancer.js";
import { checkLosses } from "./method.js";

/**
 * The geometric mean of the losses, (Π L_i)^(1/m), which no loss's scale affects (S. Chennupati et al., CVPR workshops
 * 2019, equation 3). For positive losses. The weights are its derivatives, value/(m L_i).
 */
export const geometricLoss = (): LossBalancer<Stateless> => ({
  kind: "losses",
  name: "geometricLoss",
  needs: {},
  start: () => ({}),
  weigh(state, losses) {
    const own = checkLosses("geometricLoss", losses, true);
    const value = Math.exp(own.reduce((total, loss) => total + Math.log(loss), 0) / own.length);
    return { state, weights: own.map((loss) => value / (own.length * loss)), value };
  },
});
