import { normal, randomKey, splitKey, type Tensor } from "@kinship/tensor";
import type { LossBalancer } from "../balancer.js";
import { checkLosses, softmaxOf, weightedSum } from "./method.js";

/**
 * Random loss weighting: the softmax of standard normal numbers, drawn anew each step (B. Lin et al., TMLR 2022,
 * equation 2). A baseline that costs nothing; weights sum to 1.
 */
export const randomWeighting = ({
  seed = 0,
}: {
  readonly seed?: number;
} = {}): LossBalancer<{
  readonly key: Tensor;
}> => ({
  kind: "losses",
  name: "randomWeighting",
  needs: { random: true },
  start: () => ({ key: randomKey(seed) }),
  weigh(state, losses) {
    const own = checkLosses("randomWeighting", losses);
    const [now, next] = splitKey(state.key);
    const weights = softmaxOf(normal(now!, [own.length], { dtype: "float64" }).toTypedArray() as Float64Array);
    return { state: { key: next! }, weights, value: weightedSum(weights, own) };
  },
});
