import { jvp, type Structured } from "@kinship/autodiff";
import { reshape, stack, type Tensor } from "@kinship/tensor";
import { InputError } from "../errors.js";
import { listLosses, type TaskLosses } from "./task-gradients.js";

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
  <Parameters extends Structured<Parameters>, Rest extends readonly unknown[]>(
    f: (parameters: Parameters, ...rest: Rest) => TaskLosses,
  ) =>
  (parameters: Parameters, step: Parameters, ...rest: Rest): StepEffects => {
    const [losses, effects] = jvp<[Parameters], Tensor[]>(
      (own) => listLosses("stepEffects", f(own, ...rest)).map(oneNumber),
      [parameters],
      [step],
    );
    return { losses: stack(losses), effects: stack(effects) };
  };

function oneNumber(loss: Tensor, task: number): Tensor {
  if (loss.size !== 1)
    throw new InputError(
      `stepEffects: the loss of task ${task} has shape [${loss.shape.join(", ")}], expected one number; reduce it with sum or mean`,
    );
  return reshape(loss, []);
}
