import type { Structured } from "@kinship/autodiff";
import { add, cast, div, mapLeaves, matchLeaves, maximum, mul, sub, zerosLike } from "@kinship/tensor";
import { type Optimizer, type OptimizerState, requireDecay } from "./optimizer.js";

/**
 * The exponential moving average of parameters, x̄ ← δ x̄ + (1 − δ) x: start with the parameters themselves (B. T. Polyak
 * and A. B. Juditsky, 1992, average evenly; the exponential form follows a moving target).
 */
export function movingAverage<Parameters extends Structured<Parameters>>(
  average: Parameters,
  parameters: Parameters,
  decay = 0.999,
): Parameters {
  requireDecay("movingAverage", "decay", decay);
  const pairs = matchLeaves("movingAverage", average, parameters);
  let at = 0;
  return mapLeaves("movingAverage", average, (old) => add(mul(old, decay), mul(pairs[at++]![1], 1 - decay)));
}

/**
 * An optimizer that also keeps the average of the parameters it gave, as `average` among its state's slots: even over
 * the first 1/(1 − δ) of them, a moving average from there on, so that where training starts is soon forgotten.
 * @example averaging(adam({ learningRate: 0.01 }), { decay: 0.99 })
 */
export function averaging(optimizer: Optimizer, { decay = 0.999 }: { readonly decay?: number } = {}): Optimizer {
  requireDecay("averaging", "decay", decay);
  return {
    name: `${optimizer.name}, averaged by ${decay}`,
    start<Parameters extends Structured<Parameters>>(parameters: Parameters): OptimizerState<Parameters> {
      const own = optimizer.start(parameters);
      return { ...own, slots: { ...own.slots, average: mapLeaves("averaging", parameters, zerosLike) } };
    },
    update(state, gradients, parameters, factor) {
      const updated = optimizer.update(state, gradients, parameters, factor);
      const share = maximum(1 - decay, div(1, updated.state.step));
      const pairs = matchLeaves("averaging", state.slots.average, updated.parameters);
      let at = 0;
      const average = mapLeaves("averaging", parameters, () => {
        const [old, now] = pairs[at++]!;
        return add(old, mul(sub(now, old), cast(share, old.dtype)));
      });
      return { ...updated, state: { ...updated.state, slots: { ...updated.state.slots, average } } };
    },
    ...(optimizer.observe && { observe: optimizer.observe }),
  };
}
