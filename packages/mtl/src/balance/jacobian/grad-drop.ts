import type { Structured } from "@kinship/autodiff";
import {
  abs,
  add,
  cast,
  div,
  equal,
  greater,
  less,
  mapLeaves,
  matchLeaves,
  mul,
  randomKey,
  splitKey,
  sub,
  type Tensor,
  uniform,
  where,
} from "@kinship/tensor";
import type { JacobianBalancer } from "../balancer.js";
import type { OrderState, RandomOptions } from "../gramian/pc-grad.js";

/**
 * Gradient sign dropout: in each entry the tasks that want it to rise, or those that want it to fall, are dropped, at
 * random with the purity P = ½ (1 + Σg/Σ|g|) as the probability that the positive ones stay; then the gradients are added
 * (Z. Chen et al., NeurIPS 2020, algorithm 1).
 */
export const gradDrop = ({ seed = 0 }: RandomOptions = {}): JacobianBalancer<OrderState> => ({
  kind: "jacobian",
  name: "gradDrop",
  needs: { random: true },
  start: () => ({ key: randomKey(seed) }),
  direct<Parameters extends Structured<Parameters>>(
    state: OrderState,
    { gradients }: { gradients: readonly Parameters[] },
  ) {
    const rows = gradients.map((gradient) => matchLeaves("gradDrop", gradients[0], gradient).map(([, x]) => x));
    const keys = splitKey(state.key, rows[0]!.length + 1);
    let at = 0;
    const direction = mapLeaves("gradDrop", gradients[0]!, () => {
      const leaf = at++;
      return dropped(
        rows.map((row) => row[leaf]!),
        keys[leaf]!,
      );
    });
    return { state: { key: keys[rows[0]!.length]! }, direction };
  },
});

function dropped(gradients: readonly Tensor[], key: Tensor): Tensor {
  const { shape, dtype } = gradients[0]!;
  const total = gradients.reduce((a, b) => add(a, b));
  const size = gradients.map((g) => abs(g)).reduce((a, b) => add(a, b));
  const purity = mul(0.5, add(1, div(total, where(equal(size, 0), 1, size))));
  const draws = uniform(key, shape, { dtype: dtype === "float64" ? "float64" : "float32" });
  const positive = cast(greater(purity, draws), dtype);
  const kept = gradients.map((g) => mul(g, where(greater(g, 0), positive, where(less(g, 0), sub(1, positive), 0))));
  return kept.reduce((a, b) => add(a, b));
}
