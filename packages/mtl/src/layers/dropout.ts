import { greaterEqual, mul, uniform } from "@kinship/tensor";
import { InputError } from "../errors.js";
import { describeLayer, type Layer, type nothing, plainLayer } from "./layer.js";

/**
 * While training, each number is zero with probability `rate` and the rest grow by 1 / (1 − rate), so that means stay
 * (Srivastava et al., 2014, inverted). The same key drops the same numbers.
 */
export function dropout(rate: number): Layer<typeof nothing> {
  if (!(rate >= 0 && rate < 1)) throw new InputError(`dropout: the rate must be in [0, 1), not ${rate}`);
  return plainLayer(
    "dropout",
    describeLayer("dropout", { rate }),
    (input) => input,
    (x, { training, key }) =>
      training && rate > 0 ? mul(mul(x, 1 / (1 - rate)), greaterEqual(uniform(key(), x.shape), rate)) : x,
  );
}
