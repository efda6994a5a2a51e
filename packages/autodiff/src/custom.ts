import { isFloating, leaves, matchLeaves, type Tensor, zerosLike } from "@kinship/tensor";
import { type CallSite, call, type Rule } from "./call.js";
import { checkMatch } from "./check.js";
import { refill, vjp } from "./reverse.js";
import type { Structured, StructuredArguments } from "./structured.js";

/** Where a derivative is asked for. */
export interface Point<Arguments, Output> {
  readonly arguments: Arguments;
  readonly output: Output;
}

/** Jᵀg: a cotangent for each argument, with its structure; undefined for an argument that has no derivative. */
export type CustomVjp<Arguments extends readonly unknown[], Output> = (
  cotangent: Output,
  point: Point<Arguments, Output>,
) => { readonly [K in keyof Arguments]: Arguments[K] | undefined };

/** J·v: the tangent of the output. */
export type CustomJvp<Arguments, Output> = (tangents: Arguments, point: Point<Arguments, Output>) => Output;

/** Either direction, or both. A missing one is the transpose of the other, which is linear. */
export type CustomRules<Arguments extends readonly unknown[], Output> =
  | { readonly vjp: CustomVjp<Arguments, Output>; readonly jvp?: CustomJvp<Arguments, Output> }
  | { readonly vjp?: CustomVjp<Arguments, Output>; readonly jvp: CustomJvp<Arguments, Output> };

/**
 * The same function with derivatives of your own, written with tensor operations, so that they are differentiated
 * further by the ordinary rules. `checkDerivatives` from `@kinship/autodiff/testing` says whether they are right.
 * @throws TypeError, where a derivative is taken, for a result of another structure, shape or dtype, and for a body that
 * uses a tensor under differentiation which is not an argument.
 * @example customDerivative((x) => exp(x), { vjp: (g, { output }) => [mul(g, output)] })
 */
export function customDerivative<
  Arguments extends StructuredArguments<Arguments>,
  Output extends Structured<Output> = Tensor,
>(f: (...args: Arguments) => Output, rules: CustomRules<Arguments, Output>): (...args: Arguments) => Output {
  if (typeof rules.vjp !== "function" && typeof rules.jvp !== "function")
    throw new TypeError("customDerivative: expected a vjp, a jvp or both, found neither");
  return (...args) => {
    let output: Output | undefined;
    const outputs = call(
      {
        name: "customDerivative",
        mayCapture: false,
        evaluate(inputs) {
          output = f(...refill("customDerivative", args, inputs));
          return leaves("customDerivative", output);
        },
        ...directions(rules, args, () => output!),
      },
      leaves("customDerivative", args),
    );
    return refill("customDerivative", output!, outputs);
  };
}

/** The user's rules, which speak of structures, on flat lists. */
function directions<Arguments extends readonly unknown[], Output>(
  rules: CustomRules<Arguments, Output>,
  args: Arguments,
  output: () => Output,
): Pick<Rule, "pullback"> & Required<Pick<Rule, "pushforward">> {
  const name = "customDerivative";
  const pointOf = ({ inputs, outputs }: CallSite): Point<Arguments, Output> => ({
    arguments: refill(name, args, inputs),
    output: refill(name, output(), outputs),
  });
  const filled = (given: readonly (Tensor | undefined)[], like: readonly Tensor[]) =>
    given.map((x, k) => x ?? zerosLike(like[k]));
  const byVjp = (site: CallSite, g: readonly Tensor[]): (Tensor | undefined)[] => {
    const found = rules.vjp!(refill(name, output(), g), pointOf(site));
    return perArgument(name, args, found);
  };
  const byJvp = (site: CallSite, t: readonly Tensor[]): Tensor[] =>
    matched("tangent", output(), rules.jvp!(refill(name, args, t), pointOf(site)));
  return {
    pullback(site, cotangents) {
      const g = filled(cotangents, site.outputs);
      if (rules.vjp) return byVjp(site, g);
      return transposed((t) => byJvp(site, t), site.inputs, site.outputs, g);
    },
    pushforward(site, tangents) {
      const t = filled(tangents, site.inputs);
      if (rules.jvp) return byJvp(site, t);
      return transposed((g) => filled(byVjp(site, g), site.inputs), site.outputs, site.inputs, t);
    },
  };
}

/** The transpose of a linear function of tensors like `from`, giving ones like `to`: its pullback at 0, or anywhere. */
function transposed(
  linear: (x: readonly Tensor[]) => readonly Tensor[],
  from: readonly Tensor[],
  to: readonly Tensor[],
  along: readonly Tensor[],
): (Tensor | undefined)[] {
  // Whole numbers have no derivative: theirs stay zero.
  const [inner, outer] = [from, to].map((xs) => xs.flatMap((x, k) => (isFloating(x.dtype) ? [k] : [])));
  const zero = from.map(zerosLike);
  const { pullback } = vjp(
    (...x: Tensor[]) => {
      const all = [...zero];
      for (const [n, k] of inner.entries()) all[k] = x[n];
      const result = linear(all);
      return outer.map((k) => result[k]);
    },
    inner.map((k) => zero[k]),
  );
  const found: (Tensor | undefined)[] = from.map(() => undefined);
  pullback(outer.map((k) => along[k])).forEach((x, n) => {
    found[inner[n]] = x;
  });
  return found;
}

function matched<S>(what: string, expected: S, found: S): Tensor[] {
  return matchLeaves("customDerivative", expected, found).map(([x, t, path]) => {
    if (isFloating(x.dtype)) checkMatch("customDerivative", what, t, x, path);
    return t;
  });
}

function perArgument<Arguments extends readonly unknown[]>(
  name: string,
  args: Arguments,
  found: { readonly [K in keyof Arguments]: Arguments[K] | undefined },
): (Tensor | undefined)[] {
  if (!Array.isArray(found) || found.length !== args.length)
    throw new TypeError(
      `${name}: the vjp must return an array with one cotangent for each of the ${args.length} arguments, found ${Array.isArray(found) ? `${found.length}` : typeof found}`,
    );
  return args.flatMap((x, k) => {
    if (found[k] === undefined) return leaves(name, x).map(() => undefined);
    return matched(`cotangent of argument ${k}`, x, found[k]);
  });
}
