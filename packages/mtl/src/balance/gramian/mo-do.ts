import { tensor } from "@kinship/tensor";
import type { GramianBalancer } from "../balancer.js";
import { multiply } from "../normalise.js";
import { projectOntoSimplex } from "../solvers/simplex.js";
import { evenWeights, independentProducts, type SimplexState } from "./stochastic.js";

export interface MoDoOptions {
  /** γ, the step of the weights. Default 0.1. */
  readonly rate?: number;
  /** ρ ≥ 0, which keeps the weights even. Default 0. */
  readonly regularization?: number;
}

/**
 * Multi-objective gradient with double sampling: λ ← Π(λ − γ (J₁J₂ᵀ + ρI) λ), so that the step of the weights is
 * unbiased although gradients are noisy (L. Chen et al., NeurIPS 2023, equation 4).
 */
export const moDo = ({ rate = 0.1, regularization = 0 }: MoDoOptions = {}): GramianBalancer<SimplexState> => ({
  kind: "gramian",
  name: "moDo",
  needs: { independentBatch: true },
  start: evenWeights,
  weigh(state, input) {
    const { cross } = independentProducts("moDo", input);
    const old = state.weights.toTypedArray() as Float64Array;
    const products = multiply(cross, old);
    const weights = projectOntoSimplex(old.map((w, i) => w - rate * (products[i]! + regularization * w)));
    return { state: { weights: tensor(weights) }, weights: weights.slice(), residual: 0 };
  },
});
