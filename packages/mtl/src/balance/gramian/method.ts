import type { GramianBalancer, Stateless } from "../balancer.js";

export interface Weights {
  readonly weights: Float64Array;
  readonly residual: number;
}

/** A method whose weights depend on the inner products of this step alone. */
export const gramianMethod = (name: string, weigh: (gramian: Float64Array) => Weights): GramianBalancer<Stateless> => ({
  kind: "gramian",
  name,
  needs: {},
  start: () => ({}),
  weigh: (state, { gramian }) => ({ state, ...weigh(gramian) }),
});
