import { valueAndGrad } from "@kinship/autodiff";
import { add, div, mul, ones, sqrt, sub, type Tensor, zerosLike } from "@kinship/tensor";
import { ADAM } from "../../../src/rows/adam.js";
import type { Named, Problem } from "../kernels/kernel.js";

const { rate, beta1, beta2, epsilon } = ADAM;

export interface State {
  readonly p: Named<Tensor>;
  readonly m: Named<Tensor>;
  readonly v: Named<Tensor>;
  /** The powers of β₁ and β₂: they are part of the state, so that nothing is sent from step to step. */
  readonly powers: readonly [Tensor, Tensor];
}

const mapped = (x: Named<Tensor>, f: (x: Tensor, name: string) => Tensor): Named<Tensor> =>
  Object.fromEntries(Object.entries(x).map(([name, value]) => [name, f(value, name)]));

export const startOf = (p: Named<Tensor>): State => ({
  p,
  m: mapped(p, (x) => zerosLike(x)),
  v: mapped(p, (x) => zerosLike(x)),
  powers: [ones([1]), ones([1])],
});

/** A step of Adam: the next state, and the loss before it. */
export const stepOf =
  ({ ours }: Problem) =>
  ({ p, m, v, powers }: State, data: Named<Tensor>): { state: State; loss: Tensor } => {
    const [loss, g] = valueAndGrad((q: Named<Tensor>) => ours({ ...q, ...data }))(p);
    const [first, second] = [mul(powers[0], beta1), mul(powers[1], beta2)];
    const m2 = mapped(m, (x, name) => add(mul(x, beta1), mul(g[name]!, 1 - beta1)));
    const v2 = mapped(v, (x, name) => add(mul(x, beta2), mul(mul(g[name]!, g[name]!), 1 - beta2)));
    const p2 = mapped(p, (x, name) => {
      const [mean, square] = [div(m2[name]!, sub(1, first)), div(v2[name]!, sub(1, second))];
      return sub(x, div(mul(mean, rate), add(sqrt(square), epsilon)));
    });
    return { state: { p: p2, m: m2, v: v2, powers: [first, second] }, loss };
  };
