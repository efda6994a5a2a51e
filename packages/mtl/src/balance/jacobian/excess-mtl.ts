import type { Structured } from "@kinship/autodiff";
import {
  add,
  cast,
  div,
  equal,
  mapLeaves,
  matchLeaves,
  type Structure,
  sqrt,
  square,
  sum,
  type Tensor,
  tensor,
  where,
  zeros,
} from "@kinship/tensor";
import { combineGradients } from "../../gradients/gramian.js";
import type { JacobianBalancer } from "../balancer.js";
import { zeroGradients } from "./tracking.js";

export type ExcessState = {
  /** One a task: the sums of squares of its gradient's entries, a diagonal estimate of curvature. */
  readonly squares: readonly Structure[];
  /** [m], of sum 1. */
  readonly weights: Tensor;
  /** [m]: the first round's excess risks, the unit of the later ones. */
  readonly first: Tensor;
  readonly round: Tensor;
};

export interface ExcessMtlOptions {
  /** η, how fast the weights follow the excess risks. Default 0.01. */
  readonly rate?: number;
}

/**
 * Weights by excess risk, the part of a loss that training can still remove, so that a noisy task does not take over:
 * the risk is estimated as gᵀ diag(Σ g²)^(−1/2) g relative to the first round's, and w_i ∝ w_i exp(η risk_i)
 * (Y. He et al., ICML 2024, equations 4 and 5 and algorithm 1).
 */
export const excessMtl = ({ rate = 0.01 }: ExcessMtlOptions = {}): JacobianBalancer<ExcessState> => ({
  kind: "jacobian",
  name: "excessMtl",
  needs: {},
  start: (tasks, parameters) => ({
    squares: zeroGradients("excessMtl", tasks, parameters),
    weights: tensor(new Float64Array(tasks).fill(1 / tasks)),
    first: zeros([tasks], "float64"),
    round: zeros([], "float64"),
  }),
  direct<Parameters extends Structured<Parameters>>(
    state: ExcessState,
    { gradients }: { gradients: readonly Parameters[] },
  ) {
    const pairs = matchLeaves("excessMtl", gradients, state.squares);
    let at = 0;
    const squares = gradients.map((gradient) =>
      mapLeaves("excessMtl", gradient, (g) => add(pairs[at++]![1], square(g))),
    );
    const risks = Float64Array.from(gradients, (gradient, i) => excessRisk(gradient, squares[i]!));
    const round = state.round.item();
    const first = round === 0 ? risks : (state.first.toTypedArray() as Float64Array);
    const old = state.weights.toTypedArray() as Float64Array;
    const raised = old.map((w, i) => w * Math.exp(first[i]! > 0 ? (rate * risks[i]!) / first[i]! : 0));
    const total = raised.reduce((all, w) => all + w, 0);
    const weights = raised.map((w) => w / total);
    return {
      state: {
        squares,
        weights: tensor(weights),
        first: tensor(first),
        round: tensor(Float64Array.of(round + 1), { shape: [] }),
      },
      direction: combineGradients(weights, gradients),
      weights: weights.slice(),
    };
  },
});

/** Where an entry's gradients were all zero its part is 0. */
const excessRisk = (gradient: Structure, squares: Structure): number =>
  matchLeaves("excessMtl", gradient, squares).reduce(
    (total, [g, s]) => total + sum(cast(div(square(g), where(equal(s, 0), 1, sqrt(s))), "float64")).item(),
    0,
  );
