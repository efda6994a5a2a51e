import type { Structured } from "@kinship/autodiff";
import { add, mapLeaves, matchLeaves, mul } from "@kinship/tensor";
import { requireDecay } from "./optimizer.js";

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
