import type { Structured } from "@kinship/autodiff";
import { type Structure, type Tensor, tensor } from "@kinship/tensor";
import { combineGradients, gramian } from "../../gradients/gramian.js";
import type { JacobianBalancer } from "../balancer.js";
import { multiply } from "../normalise.js";
import { projectOntoSimplex } from "../solvers/simplex.js";
import { follow, zeroGradients } from "./tracking.js";

export type MoCoState = {
  /** One a task: the running estimate of its gradient. */
  readonly tracked: readonly Structure[];
  /** [m], on the simplex. */
  readonly weights: Tensor;
};

export interface MoCoOptions {
  /** β: how fast the estimates follow the gradients. Default 0.5. */
  readonly tracking?: number;
  /** γ, the step of the weights. Default 0.1. */
  readonly rate?: number;
  /** ρ ≥ 0, which keeps the weights even. Default 0. */
  readonly regularization?: number;
}

/**
 * Multi-objective gradient correction: y_i ← y_i − β (y_i − g_i), λ ← Π(λ − γ (YYᵀ + ρI) λ), direction Yᵀλ, so that the
 * bias that noise brings to min-norm weights dies out (H. Fernando et al., ICLR 2023, equations 6 to 8). Estimates
 * start at zero.
 */
export const moCo = ({
  tracking = 0.5,
  rate = 0.1,
  regularization = 0,
}: MoCoOptions = {}): JacobianBalancer<MoCoState> => ({
  kind: "jacobian",
  name: "moCo",
  needs: {},
  start: (tasks, parameters) => ({
    tracked: zeroGradients("moCo", tasks, parameters),
    weights: tensor(new Float64Array(tasks).fill(1 / tasks)),
  }),
  direct<Parameters extends Structured<Parameters>>(
    state: MoCoState,
    { gradients }: { gradients: readonly Parameters[] },
  ) {
    const tracked = follow("moCo", state.tracked, gradients, tracking);
    const old = state.weights.toTypedArray() as Float64Array;
    const products = multiply(gramian(tracked), old);
    const weights = projectOntoSimplex(old.map((w, i) => w - rate * (products[i]! + regularization * w)));
    return {
      state: { tracked, weights: tensor(weights) },
      direction: combineGradients(weights, tracked),
      weights: weights.slice(),
    };
  },
});
