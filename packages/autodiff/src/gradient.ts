import { leaves, mapLeaves, onesLike, type Structure, type Tensor, withInterpreter } from "@kinship/tensor";
import { checkFloating, checkScalar } from "./check.js";
import { Tape } from "./reverse.js";

type Loss<First, Rest extends readonly unknown[]> = (first: First, ...rest: Rest) => Tensor;

/**
 * The value of `f` and its gradient in the first argument, in one pass forward and one back. The other arguments are
 * constants and may be anything.
 * @returns a function of the same arguments to `[value, gradient]`; the gradient has the structure of the argument, and
 * is zero where the value does not depend on it.
 * @throws RangeError where `f` gives more than one number; TypeError for integers and promises.
 * @example valueAndGrad((w) => sum(mul(w, w)))(tensor([1, 2]))   // [tensor(5), tensor([2, 4])]
 */
export function valueAndGrad<First extends Structure, Rest extends readonly unknown[]>(
  f: Loss<First, Rest>,
): (first: First, ...rest: Rest) => [value: Tensor, gradient: First] {
  return (first, ...rest) => {
    const tape = new Tape();
    const own = mapLeaves("grad", first, (x, path) => tape.watch(checkFloating("grad", x, path)));
    const value = withInterpreter(tape, () => checkScalar("grad", f(own, ...rest)));
    const found = tape.pullback([[value, onesLike(value)]], leaves("grad", own));
    let k = 0;
    return [value, mapLeaves("grad", own, () => found[k++])];
  };
}

/**
 * The gradient of `f` in its first argument: see `valueAndGrad`.
 * @example grad((w) => sum(mul(w, w)))(tensor([1, 2]))   // tensor([2, 4])
 */
export function grad<First extends Structure, Rest extends readonly unknown[]>(
  f: Loss<First, Rest>,
): (first: First, ...rest: Rest) => First {
  const both = valueAndGrad(f);
  return (first, ...rest) => both(first, ...rest)[1];
}
