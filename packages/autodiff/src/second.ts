import type { Structure, Tensor } from "@kinship/tensor";
import { jvp } from "./forward.js";
import { grad } from "./gradient.js";

/**
 * The Hessian of `f` at `x` times `v`: the directional derivative of the gradient, forward over reverse, without the
 * Hessian itself.
 * @example hvp((x) => sum(mul(mul(x, x), x)))(tensor([1, 2]), tensor([1, 0]))   // tensor([6, 0])
 */
export const hvp =
  <Input extends Structure>(f: (x: Input) => Tensor) =>
  (x: Input, v: Input): Input =>
    jvp<[Input], Input>(grad(f), [x], [v])[1];
