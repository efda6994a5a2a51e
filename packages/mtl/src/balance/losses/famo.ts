import { type Tensor, tensor, zeros } from "@kinship/tensor";
import { adamW } from "../../optimizers/adam.js";
import type { OptimizerState } from "../../optimizers/optimizer.js";
import type { LossBalancer } from "../balancer.js";
import { type LearnedOptions, learn, startLearned } from "./learned.js";
import { checkCount, checkLosses, softmaxOf } from "./method.js";

export type FamoState = {
  /** [m]: the logits of the task weights. */
  readonly learned: Tensor;
  readonly optimizer: OptimizerState<Tensor>;
  /** [m]: the losses before the step, to be compared with those after it. */
  readonly losses: Tensor;
};

export interface FamoOptions extends LearnedOptions {
  /** A lower bound of the losses: their logarithms are taken above it. Default 0. */
  readonly lowerBound?: number;
}

/** Keeps the logarithm of a loss at its bound finite. */
const margin = 1e-30;

/**
 * Fast adaptive multi-task optimization: all losses are to fall at the same rate. A step follows Σ z_i ∇log L_i with
 * z = softmax(ξ), normalised to c Σ z_i/L_i = 1; then `observe` compares the losses on the same batch before and after,
 * and moves ξ (B. Liu et al., NeurIPS 2023, algorithm 1). One backward pass, no gradient of single tasks.
 */
export function famo({
  optimizer = adamW({ learningRate: 0.025, weightDecay: 0.01 }),
  lowerBound = 0,
}: FamoOptions = {}): LossBalancer<FamoState> {
  const above = (losses: ArrayLike<number>) =>
    checkLosses(
      "famo",
      Array.from(losses, (loss) => loss - lowerBound + margin),
      true,
    );
  return {
    kind: "losses",
    name: "famo",
    needs: {},
    start: (tasks) => ({ ...startLearned(tasks, optimizer), losses: zeros([tasks], "float64") }),
    weigh(state, losses) {
      const own = above(losses);
      checkCount("famo", "losses", own.length, state.learned.size);
      const z = softmaxOf(state.learned.toTypedArray() as Float64Array);
      const total = own.reduce((sum, loss, i) => sum + z[i]! / loss, 0);
      const weights = own.map((loss, i) => z[i]! / loss / total);
      const value = own.reduce((sum, loss, i) => sum + (z[i]! * Math.log(loss)) / total, 0);
      return { state: { ...state, losses: tensor(Float64Array.from(losses)) }, weights, value };
    },
    observe(state, lossesAfter) {
      const before = above(state.losses.toTypedArray());
      const after = above(lossesAfter);
      checkCount("famo", "losses after the step", after.length, before.length);
      const fall = before.map((loss, i) => Math.log(loss) - Math.log(after[i]!));
      const z = softmaxOf(state.learned.toTypedArray() as Float64Array);
      const mean = fall.reduce((sum, value, i) => sum + z[i]! * value, 0);
      const gradient = fall.map((value, i) => z[i]! * (value - mean));
      return { ...learn(state, gradient, optimizer), losses: state.losses };
    },
  };
}
