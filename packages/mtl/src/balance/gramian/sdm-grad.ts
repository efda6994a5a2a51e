import { tensor } from "@kinship/tensor";
import type { GramianBalancer } from "../balancer.js";
import { multiply } from "../normalise.js";
import { projectOntoSimplex } from "../solvers/simplex.js";
import { evenWeights, independentProducts, type SimplexState } from "./stochastic.js";

export interface SdmGradOptions {
  /** λ ≥ 0: how much the direction keeps to the mean gradient. Default 0.6. */
  readonly preference?: number;
  /** The step of the weights. Default 0.1. */
  readonly rate?: number;
}

/**
 * Stochastic direction-oriented multi-objective gradient: the shortest vector among g_w + λ g₀, its weights moved by
 * w ← Π(w − β J₁J₂ᵀ(w + λ/m)), unbiased by two batches (P. Xiao, H. Ban and K. Ji, NeurIPS 2023, equations 7 and 8).
 * The direction is (g_w + λ g₀)/(1 + λ).
 */
export const sdmGrad = ({ preference = 0.6, rate = 0.1 }: SdmGradOptions = {}): GramianBalancer<SimplexState> => ({
  kind: "gramian",
  name: "sdmGrad",
  needs: { independentBatch: true },
  start: evenWeights,
  weigh(state, input) {
    const { cross, tasks } = independentProducts("sdmGrad", input);
    const old = state.weights.toTypedArray() as Float64Array;
    const products = multiply(
      cross,
      old.map((w) => w + preference / tasks),
    );
    const weights = projectOntoSimplex(old.map((w, i) => w - rate * products[i]!));
    return {
      state: { weights: tensor(weights) },
      weights: weights.map((w) => (w + preference / tasks) / (1 + preference)),
      residual: 0,
    };
  },
});
