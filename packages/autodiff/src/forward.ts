import {
  alias,
  currentInterpreter,
  type Interpreter,
  mapLeaves,
  matchLeaves,
  type Primitive,
  type Structure,
  type Tensor,
  withInterpreter,
  zerosLike,
} from "@kinship/tensor";
import { checkFloating, checkMatch } from "./check.js";
import { pushforward } from "./rules.js";

/** Applies each primitive as the interpreter outside it would, and carries tangents along. */
export class Forward implements Interpreter {
  readonly #outer = currentInterpreter();
  readonly #tangents = new Map<Tensor, Tensor>();

  /** The same tensor under a new identity, with a tangent. */
  seed(x: Tensor, tangent: Tensor): Tensor {
    const own = withInterpreter(this.#outer, () => alias(x));
    this.#tangents.set(own, tangent);
    return own;
  }

  tangent(x: Tensor): Tensor {
    return this.#tangents.get(x) ?? zerosLike(x);
  }

  apply<P>(primitive: Primitive<P>, inputs: readonly Tensor[], params: P): Tensor {
    const output = this.#outer.apply(primitive, inputs, params);
    if (primitive.derivative.kind === "zero") return output;
    const tangents = inputs.map((x) => this.#tangents.get(x));
    if (tangents.some((t) => t !== undefined)) {
      const site = { primitive: primitive as Primitive, inputs, output, params };
      const tangent = withInterpreter(this.#outer, () => pushforward(site, tangents));
      if (tangent) this.#tangents.set(output, tangent);
    }
    return output;
  }
}

/**
 * The value of `f` and its derivative along `tangents` (J·v), in one pass forward, without a tape.
 * @throws TypeError for integer arguments, a promise, tangents of another structure, shape or dtype.
 * @example jvp((x) => mul(x, x), [tensor([1, 2])], [tensor([1, 0])])   // [tensor([1, 4]), tensor([2, 0])]
 */
export function jvp<Arguments extends readonly Structure[], Output extends Structure>(
  f: (...args: Arguments) => Output,
  args: readonly [...Arguments],
  tangents: readonly [...Arguments],
): [output: Output, tangent: Output] {
  const forward = new Forward();
  const pairs = matchLeaves("jvp", args, tangents);
  let k = 0;
  const own = mapLeaves("jvp", args as unknown as Arguments, (x, path) => {
    checkFloating("jvp", x, path);
    const [, tangent] = pairs[k++];
    checkMatch("jvp", "tangent", tangent, x, path);
    return forward.seed(x, tangent);
  });
  const output = withInterpreter(forward, () => f(...own));
  return [output, mapLeaves("jvp", output, (y) => forward.tangent(y))];
}

/**
 * What a step from `x` along `d` does to `f`, to first order: D f(x; d) = J·d.
 * @example directionalDerivative((x) => sum(mul(x, x)))(tensor([1, 2]), tensor([1, 0]))   // tensor(2)
 */
export const directionalDerivative =
  <Input extends Structure, Output extends Structure>(f: (x: Input) => Output) =>
  (x: Input, d: Input): Output =>
    jvp<[Input], Output>(f, [x], [d])[1];
