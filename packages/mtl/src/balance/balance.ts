import type { Structured } from "@kinship/autodiff";
import type { Structure } from "@kinship/tensor";
import { InputError } from "../errors.js";
import { combineGradients, crossGramian, gramian } from "../gradients/gramian.js";
import type { GramianBalancer, JacobianBalancer } from "./balancer.js";

export interface BalanceInput<Parameters> {
  /** One gradient a task, of the shared parameters. */
  readonly gradients: readonly Parameters[];
  readonly losses?: ArrayLike<number>;
  /** Gradients on a second and a third independent batch, for methods whose `needs` say so. */
  readonly independent?: readonly [readonly Parameters[], readonly Parameters[]];
}

export interface Balanced<State, Parameters> {
  readonly state: State;
  /** What the shared parameters are to follow downhill, in place of a gradient. */
  readonly direction: Parameters;
  /** One a task, where the direction is Σ w_i g_i, or of methods that remember gradients Σ w_i of what they remember. */
  readonly weights?: Float64Array;
}

/**
 * One direction from the gradients of several tasks, by a method that looks at gradients. (Methods that look at losses
 * alone give weights before the backward pass: call their `weigh`.)
 * @throws InputError for gradients that are not finite, for anything that the method needs and was not given.
 * @example balance(upGrad(), {}, { gradients: [tensor([1, 0]), tensor([-1, 1])] }).direction
 */
export function balance<State extends Structure, Parameters extends Structured<Parameters>>(
  balancer: GramianBalancer<State> | JacobianBalancer<State>,
  state: State,
  { gradients, losses, independent }: BalanceInput<Parameters>,
): Balanced<State, Parameters> {
  if (gradients.length === 0) throw new InputError(`${balancer.name}: expected one gradient a task, found none`);
  if (balancer.kind === "jacobian") return balancer.direct(state, { gradients, ...(losses && { losses }) });
  if (balancer.needs.independentBatch && !independent)
    throw new InputError(
      `${balancer.name}: needs gradients on two more independent batches; pass them as independent, or the same ones twice for gradients of the full data`,
    );
  const found = balancer.weigh(state, {
    gramian: gramian(gradients),
    ...(losses && { losses }),
    ...(independent && { crossGramian: crossGramian(independent[0], independent[1]) }),
  });
  return {
    state: found.state,
    direction: combineGradients(found.weights, gradients),
    weights: found.weights,
  };
}
