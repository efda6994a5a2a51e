import type { GramianBalancer, Stateless } from "../balancer.js";
import { gramianMethod } from "./method.js";
import { type DualConeOptions, dualCone } from "./up-grad.js";

/**
 * The mean gradient's projection onto the dual cone: the nearest direction that conflicts with no gradient (gradient
 * episodic memory: D. Lopez-Paz and M. Ranzato, NeurIPS 2017, equation 11).
 */
export const dualProj = ({ regularization = 0 }: DualConeOptions = {}): GramianBalancer<Stateless> =>
  gramianMethod("dualProj", (gramian) => {
    const cone = dualCone("dualProj", gramian, regularization);
    return cone.project(new Float64Array(cone.tasks).fill(1 / cone.tasks));
  });
