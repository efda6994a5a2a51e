import { ones, type Tensor, tensor, zeros } from "@kinship/tensor";
import { InputError } from "../../errors.js";
import { adam } from "../../optimizers/adam.js";
import type { Optimizer, OptimizerState } from "../../optimizers/optimizer.js";
import type { GramianBalancer } from "../balancer.js";
import { checkCount, checkLosses } from "../losses/method.js";
import { normalise } from "../normalise.js";

export type GradNormState = {
  /** [m]: the weights, of sum m. */
  readonly weights: Tensor;
  readonly optimizer: OptimizerState<Tensor>;
  /** [m]: the losses of the first round; zeros before it. */
  readonly first: Tensor;
  readonly round: Tensor;
};

export interface GradNormOptions {
  /** α: how strongly tasks that learn slowly are pulled up. Default 1.5. */
  readonly alpha?: number;
  /** Moves the weights. Default: Adam at 0.025. */
  readonly optimizer?: Optimizer;
}

/**
 * Gradient normalisation: the weights move so that each |w_i g_i| comes to the mean length times the task's relative
 * inverse training rate to the power α (Z. Chen et al., ICML 2018, equations 1 and 2), and are then scaled to sum m. The
 * Gramian of any set of shared parameters will do; the paper takes the last shared layer.
 */
export function gradNorm({
  alpha = 1.5,
  optimizer = adam({ learningRate: 0.025 }),
}: GradNormOptions = {}): GramianBalancer<GradNormState> {
  if (!Number.isFinite(alpha)) throw new InputError(`gradNorm: alpha must be a finite number, not ${alpha}`);
  return {
    kind: "gramian",
    name: "gradNorm",
    needs: { losses: true },
    start(tasks) {
      const weights = ones([tasks], "float64");
      return {
        weights,
        optimizer: optimizer.start<Tensor>(weights),
        first: zeros([tasks], "float64"),
        round: zeros([], "float64"),
      };
    },
    weigh(state, { gramian, losses }) {
      const { tasks, norms } = normalise("gradNorm", gramian);
      if (!losses) throw new InputError("gradNorm: needs the losses too; pass them beside the Gramian");
      const own = checkLosses("gradNorm", losses, true);
      checkCount("gradNorm", "losses", own.length, tasks);
      const round = state.round.item();
      const first = round === 0 ? own : (state.first.toTypedArray() as Float64Array);
      const w = state.weights.toTypedArray();
      const progress = own.map((loss, i) => loss / first[i]!);
      const meanProgress = progress.reduce((sum, value) => sum + value, 0) / tasks;
      const lengths = norms.map((length, i) => w[i]! * length);
      const meanLength = lengths.reduce((sum, value) => sum + value, 0) / tasks;
      // The gradient of Σ |w_i|g_i| − target_i| in w, the targets held constant.
      const gradient = norms.map(
        (length, i) => Math.sign(lengths[i]! - meanLength * (progress[i]! / meanProgress) ** alpha) * length,
      );
      const updated = optimizer.update<Tensor>(state.optimizer, tensor(gradient), state.weights);
      // A step of the optimizer may cross zero where a weight is small: none may turn a loss round.
      const positive = Float64Array.from(updated.parameters.toTypedArray(), (value) => Math.max(value, 1e-6));
      const total = positive.reduce((sum, value) => sum + value, 0);
      const weights = positive.map((value) => (value * tasks) / total);
      return {
        state: {
          weights: tensor(weights),
          optimizer: updated.state,
          first: tensor(first.slice()),
          round: tensor(Float64Array.of(round + 1), { shape: [] }),
        },
        weights: weights.slice(),
        residual: 0,
      };
    },
  };
}
