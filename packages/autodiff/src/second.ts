import type { Tensor } from "@kinship/tensor";
import { directionalDerivative } from "./forward.js";
import { grad } from "./gradient.js";
import type { Structured } from "./structured.js";

/**
 * The Hessian of `f` at `x` times `v`: the directional derivative of the gradient, forward over reverse, without the
 * Hessian itself.
 * @example hvp((x) => sum(mul(mul(x, x), x)))(tensor([1, 2]), tensor([1, 0]))   // tensor([6, 0])
 */
export const hvp =
  <Input extends Structured<Input> = Tensor>(f: (x: Input) => Tensor) =>
  (x: Input, v: Input): Input =>
    directionalDerivative<Input, Input>(grad<Input, []>(f))(x, v);
