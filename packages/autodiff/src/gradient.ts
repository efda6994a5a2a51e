import { onesLike, type Tensor } from "@kinship/tensor";
import { checkScalar } from "./check.js";
import { record, refill } from "./reverse.js";
import type { Structured } from "./structured.js";

/** The positions of arguments that a gradient can be taken in. */
type Position<Arguments extends readonly unknown[]> = {
  [K in keyof Arguments]: K extends `${infer N extends number}`
    ? Arguments[K] extends Structured<Arguments[K]>
      ? N
      : never
    : never;
}[number];

type Selected<Arguments extends readonly unknown[], Positions extends readonly number[]> = {
  -readonly [K in keyof Positions]: Arguments[Positions[K]];
};

interface Select<Positions> {
  /** The arguments to differentiate in, counted from 0; the others are constants. The gradient is a tuple of theirs. */
  readonly arguments: Positions;
}

interface Auxiliary {
  /** The function returns `[value, auxiliary]`; the auxiliary (anything) is handed through beside the gradient. */
  readonly hasAuxiliary: true;
}

/**
 * The value of `f` and its gradient in the first argument, in one pass forward and one back. The other arguments are
 * constants and may be anything.
 * @returns a function of the same arguments to `[value, gradient]`; the gradient has the structure of the argument, and
 * is zero where the value does not depend on it. With `arguments: [0, 2]` it is the tuple of their gradients; with
 * `hasAuxiliary`, `f` returns `[value, auxiliary]` and the result is `[value, gradient, auxiliary]`.
 * @throws RangeError where `f` gives more than one number; TypeError for integers and promises.
 * @example valueAndGrad((w) => sum(mul(w, w)))(tensor([1, 2]))   // [tensor(5), tensor([2, 4])]
 */
export function valueAndGrad<First extends Structured<First> = Tensor, Rest extends readonly unknown[] = []>(
  f: (first: First, ...rest: Rest) => Tensor,
): (first: First, ...rest: Rest) => [value: Tensor, gradient: First];
export function valueAndGrad<
  First extends Structured<First> = Tensor,
  Rest extends readonly unknown[] = [],
  Extra = unknown,
>(
  f: (first: First, ...rest: Rest) => readonly [Tensor, Extra],
  choices: Auxiliary,
): (first: First, ...rest: Rest) => [value: Tensor, gradient: First, auxiliary: Extra];
export function valueAndGrad<
  Arguments extends readonly unknown[],
  const Positions extends readonly Position<Arguments>[],
  Extra,
>(
  f: (...args: Arguments) => readonly [Tensor, Extra],
  choices: Select<Positions> & Auxiliary,
): (...args: Arguments) => [value: Tensor, gradients: Selected<Arguments, Positions>, auxiliary: Extra];
export function valueAndGrad<
  Arguments extends readonly unknown[],
  const Positions extends readonly Position<Arguments>[],
>(
  f: (...args: Arguments) => Tensor,
  choices: Select<Positions>,
): (...args: Arguments) => [value: Tensor, gradients: Selected<Arguments, Positions>];
export function valueAndGrad(f: (...args: never[]) => unknown, choices: Choices = {}) {
  return differentiate("valueAndGrad", f, choices);
}

/**
 * The gradient of `f` in its first argument, or `[gradient, auxiliary]`: see `valueAndGrad`.
 * @example grad((w) => sum(mul(w, w)))(tensor([1, 2]))   // tensor([2, 4])
 */
export function grad<First extends Structured<First> = Tensor, Rest extends readonly unknown[] = []>(
  f: (first: First, ...rest: Rest) => Tensor,
): (first: First, ...rest: Rest) => First;
export function grad<First extends Structured<First> = Tensor, Rest extends readonly unknown[] = [], Extra = unknown>(
  f: (first: First, ...rest: Rest) => readonly [Tensor, Extra],
  choices: Auxiliary,
): (first: First, ...rest: Rest) => [gradient: First, auxiliary: Extra];
export function grad<
  Arguments extends readonly unknown[],
  const Positions extends readonly Position<Arguments>[],
  Extra,
>(
  f: (...args: Arguments) => readonly [Tensor, Extra],
  choices: Select<Positions> & Auxiliary,
): (...args: Arguments) => [gradients: Selected<Arguments, Positions>, auxiliary: Extra];
export function grad<Arguments extends readonly unknown[], const Positions extends readonly Position<Arguments>[]>(
  f: (...args: Arguments) => Tensor,
  choices: Select<Positions>,
): (...args: Arguments) => Selected<Arguments, Positions>;
export function grad(f: (...args: never[]) => unknown, choices: Choices = {}) {
  const both = differentiate("grad", f, choices);
  return (...args: readonly unknown[]) => {
    const [, gradient, ...auxiliary] = both(...args);
    return choices.hasAuxiliary ? [gradient, ...auxiliary] : gradient;
  };
}

interface Choices {
  readonly arguments?: readonly number[];
  readonly hasAuxiliary?: boolean;
}

function differentiate(
  name: string,
  f: (...args: never[]) => unknown,
  { arguments: positions, hasAuxiliary }: Choices,
) {
  checkPositions(name, positions);
  return (...args: readonly unknown[]): [value: Tensor, gradient: unknown, ...auxiliary: unknown[]] => {
    const missing = positions?.find((k) => k >= args.length);
    if (missing !== undefined)
      throw new RangeError(`${name}: asked for the gradient in argument ${missing}, called with ${args.length}`);
    const selected = positions ? positions.map((k) => args[k]) : args[0];
    const { tape, own, watched, result } = record(name, selected, (own) => {
      const all = positions
        ? args.map((x, k) => (positions.includes(k) ? (own as unknown[])[positions.indexOf(k)] : x))
        : [own, ...args.slice(1)];
      return (f as (...args: unknown[]) => unknown)(...all);
    });
    const [y, auxiliary] = hasAuxiliary ? checkPair(name, result) : [result, undefined];
    const value = checkScalar(name, y);
    const gradient = refill(name, own, tape.pullback([[value, onesLike(value)]], watched));
    return hasAuxiliary ? [value, gradient, auxiliary] : [value, gradient];
  };
}

function checkPositions(name: string, positions: readonly number[] | undefined): void {
  if (positions === undefined) return;
  if (positions.some((k) => !Number.isInteger(k) || k < 0) || new Set(positions).size !== positions.length)
    throw new RangeError(`${name}: arguments are counted from 0, each once; found [${positions.join(", ")}]`);
}

function checkPair(name: string, result: unknown): readonly [unknown, unknown] {
  if (Array.isArray(result) && result.length === 2) return result as [unknown, unknown];
  throw new TypeError(
    `${name}: with hasAuxiliary the function must return [value, auxiliary], found ${Array.isArray(result) ? `an array of ${result.length}` : typeof result}`,
  );
}
