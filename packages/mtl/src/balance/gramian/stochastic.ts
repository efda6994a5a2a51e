import { type Tensor, tensor } from "@kinship/tensor";
import { InputError } from "../../errors.js";
import type { GramianInput } from "../balancer.js";
import { taskCount } from "../normalise.js";

/** Weights on the simplex that follow the gradients slowly, for noisy gradients. */
export type SimplexState = {
  /** [m] */
  readonly weights: Tensor;
};

export const evenWeights = (tasks: number): SimplexState => ({
  weights: tensor(new Float64Array(tasks).fill(1 / tasks)),
});

/** J₁ J₂ᵀ, and the number of tasks. */
export function independentProducts(name: string, { gramian, crossGramian }: GramianInput) {
  if (!crossGramian)
    throw new InputError(
      `${name}: needs crossGramian, the products of gradients on two independent batches; for gradients of the full data pass the Gramian itself`,
    );
  const tasks = taskCount(name, crossGramian);
  if (gramian.length !== crossGramian.length)
    throw new InputError(
      `${name}: gramian has ${gramian.length} entries and crossGramian ${crossGramian.length}; expected as many`,
    );
  if (!crossGramian.every(Number.isFinite))
    throw new InputError(`${name}: crossGramian has entries that are not finite`);
  return { tasks, cross: crossGramian };
}
