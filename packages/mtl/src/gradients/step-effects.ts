import { jvp } from "@kinship/autodiff";
import type { Structure, Tensor } from "@kinship/tensor";
import { checkLosses, stackLosses, type TaskLosses } from "./task-gradients.js";

export interface StepEffects {
  /** [m]: the losses before the step. */
  readonly losses: Tensor;
  /** [m]: what the step does to each loss, to first order: D L_j(W; d) = ⟨∇L_j, d⟩. Negative helps. */
  readonly effects: Tensor;
}

/**
 * What a step of the parameters does to every task's loss at once, in one pass forward and without any gradient.
 * @throws InputError where a loss is not one number; TypeError where the step has another structure.
 * @example stepEffects((w) => [sum(w), sum(mul(w, w))])(tensor([1, 2]), tensor([-1, 0])).effects   // [-1, -2]
 */
export const stepEffects =
  <Parameters extends Structure, Rest extends readonly unknown[]>(
    f: (parameters: Parameters, ...rest: Rest) => TaskLosses,
  ) =>
  (parameters: Parameters, step: Parameters, ...rest: Rest): StepEffects => {
    const [losses, effects] = jvp<[Parameters], Structure>((own) => f(own, ...rest) as Structure, [parameters], [step]);
    return {
      losses: stackLosses(checkLosses("stepEffects", losses)),
      effects: stackLosses(checkLosses("stepEffects", effects)),
    };
  };
