import {
  alias,
  currentInterpreter,
  isFloating,
  mapLeaves,
  matchLeaves,
  type Primitive,
  type Tensor,
  withInterpreter,
  zerosLike,
} from "@kinship/tensor";
import { call, observed, type Rule, refuseCaptured, type Transformation } from "./call.js";
import { checkFloating, checkMatch, checkSynchronous } from "./check.js";
import { pushforward } from "./rules.js";
import type { Structured, StructuredArguments } from "./structured.js";

/** Applies each primitive as the interpreter outside it would, and carries tangents along. */
export class Forward implements Transformation {
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
    if (primitive.derivative.kind === "zero" || !isFloating(output.dtype)) return output;
    const tangents = inputs.map((x) => this.#tangents.get(x));
    if (tangents.some((t) => t !== undefined)) {
      const site = { primitive: primitive as Primitive, inputs, output, params };
      const tangent = withInterpreter(this.#outer, () => pushforward(site, tangents));
      if (tangent) this.#tangents.set(output, tangent);
    }
    return output;
  }

  call(rule: Rule, inputs: readonly Tensor[]): readonly Tensor[] {
    if (!rule.pushforward) return rule.evaluate(inputs);
    const captured = new Set<Tensor>();
    const see = (x: Tensor) => {
      if (this.#tangents.has(x)) captured.add(x);
    };
    const tangents = inputs.map((x) => this.#tangents.get(x));
    return withInterpreter(this.#outer, () => {
      const outputs = call(observed(rule, see), inputs.map(alias)).map(alias);
      refuseCaptured(rule, captured);
      if (tangents.some((t) => t !== undefined))
        rule.pushforward!({ rule, inputs, captured: [], outputs }, tangents).forEach((t, k) => {
          if (t && isFloating(outputs[k].dtype)) this.#tangents.set(outputs[k], t);
        });
      return outputs;
    });
  }
}

/** Runs a body on copies of `args` with tangents. */
export function push<A, R>(name: string, args: A, tangents: A, body: (own: A) => R): [result: R, forward: Forward] {
  const forward = new Forward();
  const pairs = matchLeaves(name, args, tangents);
  let k = 0;
  const own = mapLeaves(name, args, (x, path) => {
    checkFloating(name, x, path);
    const [, tangent] = pairs[k++];
    checkMatch(name, "tangent", tangent, x, path);
    return forward.seed(x, tangent);
  });
  return [withInterpreter(forward, () => checkSynchronous(name, body(own))), forward];
}

/**
 * The value of `f` and its derivative along `tangents` (J·v), in one pass forward, without a tape.
 * @throws TypeError for integer arguments, a promise, tangents of another structure, shape or dtype.
 * @example jvp((x) => mul(x, x), [tensor([1, 2])], [tensor([1, 0])])   // [tensor([1, 4]), tensor([2, 0])]
 */
export function jvp<Arguments extends StructuredArguments<Arguments>, Output extends Structured<Output> = Tensor>(
  f: (...args: Arguments) => Output,
  args: readonly [...Arguments],
  tangents: readonly [...Arguments],
): [output: Output, tangent: Output] {
  const [output, forward] = push(
    "jvp",
    args as unknown as Arguments,
    tangents as unknown as Arguments,
    (own): Output => f(...own),
  );
  return [output, mapLeaves("jvp", output, (y) => forward.tangent(y))];
}

/**
 * What a step from `x` along `d` does to `f`, to first order: D f(x; d) = J·d.
 * @example directionalDerivative((x) => sum(mul(x, x)))(tensor([1, 2]), tensor([1, 0]))   // tensor(2)
 */
export const directionalDerivative =
  <Input extends Structured<Input> = Tensor, Output extends Structured<Output> = Tensor>(f: (x: Input) => Output) =>
  (x: Input, d: Input): Output => {
    const [output, forward] = push("directionalDerivative", x, d, f);
    return mapLeaves("directionalDerivative", output, (y) => forward.tangent(y));
  };
