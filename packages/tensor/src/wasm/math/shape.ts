/**
 * What the routines share: they are written once for both widths, with a `Shape` for what differs between four float32
 * lanes and two float64 lanes.
 */

import {
  type Expression,
  type FloatLanes,
  type FunctionBuilder,
  type FunctionHandle,
  f32x4,
  f64x2,
  i32x4,
  i64x2,
  Local,
  type ModuleBuilder,
  shuffle32,
  v128,
} from "../assembler/index.js";

/** Where a routine's body is being written. */
export interface Site {
  readonly module: ModuleBuilder;
  readonly f: FunctionBuilder;
}

/** Writes a routine's body for its arguments; the expression is its value. */
export type Body = (site: Site, ...values: Local[]) => Expression;

export interface Shape {
  readonly float: FloatLanes;
  /** Bits of the significand after its point. */
  readonly significand: number;
  readonly bias: number;
  /** Adding it to x rounds x to an integer, which stands in the sum's low bits: 1.5·2^significand. */
  readonly rounder: number;
  readonly smallestNormal: number;
  readonly bits: (value: bigint) => Expression;
  readonly addBits: (a: Expression, b: Expression) => Expression;
  readonly subtractBits: (a: Expression, b: Expression) => Expression;
  readonly shiftLeft: (a: Expression, count: number) => Expression;
  readonly shiftRight: (a: Expression, count: number) => Expression;
}

export const single: Shape = /* @__PURE__ */ (() => ({
  float: f32x4,
  significand: 23,
  bias: 127,
  rounder: 1.5 * 2 ** 23,
  smallestNormal: 2 ** -126,
  bits: (value) => i32x4.const(Number(BigInt.asIntN(32, value))),
  addBits: i32x4.add,
  subtractBits: i32x4.sub,
  shiftLeft: i32x4.shl,
  shiftRight: i32x4.shrUnsigned,
}))();

export const double: Shape = /* @__PURE__ */ (() => ({
  float: f64x2,
  significand: 52,
  bias: 1023,
  rounder: 1.5 * 2 ** 52,
  smallestNormal: 2 ** -1022,
  bits: (value) => i64x2.const(BigInt.asIntN(64, value)),
  addBits: i64x2.add,
  subtractBits: i64x2.sub,
  shiftLeft: i64x2.shl,
  shiftRight: i64x2.shrUnsigned,
}))();

/** Arithmetic in a shape, short to write: these words are the vocabulary of every routine. */
export function arithmetic(shape: Shape) {
  const { float } = shape;
  const c = (value: number): Expression => float.const(value);
  return {
    ...float,
    c,
    /** Bits of a where the mask is set, of b elsewhere. */
    choose: (mask: Expression, a: Expression, b: Expression): Expression => v128.bitselect(a, b, mask),
    /** The sign bit of x alone. */
    sign: (x: Expression): Expression => v128.and(x, c(-0)),
    /** x with its sign turned where y is negative. */
    flip: (x: Expression, y: Expression): Expression => v128.xor(x, v128.and(y, c(-0))),
    /** Whether x is at most the bound, or not a number: the smaller of both that way. */
    atMost: (x: Expression, bound: number): Expression => float.pseudoMin(x, c(bound)),
    atLeast: (x: Expression, bound: number): Expression => float.pseudoMax(x, c(bound)),
    /** The nearest integer, for |x| below 2^(significand − 1). */
    round: (x: Expression): Expression => float.sub(float.add(x, c(shape.rounder)), c(shape.rounder)),
    /** 2ⁿ for integers n of the normal range. */
    power: (n: Expression): Expression =>
      shape.shiftLeft(float.add(n, c(shape.rounder + shape.bias)), shape.significand),
  };
}

/** c₀ + c₁x + c₂x² + … by Estrin's scheme, whose short chains keep the processor's pipelines full. */
export function polynomial({ f }: Site, shape: Shape, coefficients: readonly number[], x: Expression): Expression {
  const { float } = shape;
  let power = x;
  let terms: Expression[] = coefficients.map((value) => float.const(value));
  while (terms.length > 1) {
    const known = power instanceof Local ? power : f.let(power);
    const next: Expression[] = [];
    for (let i = 0; i < terms.length; i += 2) {
      const upper = terms[i + 1];
      next.push(upper === undefined ? terms[i]! : float.add(float.mul(upper, known), terms[i]!));
    }
    terms = next;
    power = float.mul(known, known);
  }
  return terms[0]!;
}

/**
 * The same by Horner's scheme: fewer operations in a longer chain, which is quicker where several vectors are worked on
 * side by side.
 */
export function horner({ f }: Site, shape: Shape, coefficients: readonly number[], x: Local): Expression {
  const { c, add, mul } = arithmetic(shape);
  return coefficients.map(c).reduceRight((sum, next) => add(f.let(mul(f.let(sum), x)), next));
}

/** What a·b loses to rounding (Dekker 1971): exact unless a part leaves the normal range. */
export function productError({ f }: Site, shape: Shape, a: Local, b: Local, product: Expression): Expression {
  const { c, mul, sub } = arithmetic(shape);
  const split = (x: Local): [Local, Local] => {
    const scaled = f.let(mul(x, c(2 ** Math.ceil((shape.significand + 1) / 2) + 1)));
    const high = f.let(sub(scaled, sub(scaled, x)));
    return [high, f.let(sub(x, high))];
  };
  const [aHigh, aLow] = split(a);
  const [bHigh, bLow] = split(b);
  return sub(mul(aLow, bLow), sub(sub(sub(product, mul(aHigh, bHigh)), mul(aLow, bHigh)), mul(aHigh, bLow)));
}

/** A routine for both element types. */
export interface Routine {
  readonly float32: Body;
  readonly float64: Body;
}

/** One text, two widths. */
export function bothWidths(body: (shape: Shape) => Body): Routine {
  return { float32: (site, ...x) => body(single)(site, ...x), float64: (site, ...x) => body(double)(site, ...x) };
}

/** A float32 routine computed in float64, half a vector at a time. */
export function throughDouble(body: Body): Body {
  return (site, ...values) => {
    const { f } = site;
    const half = (widen: (x: Expression) => Expression): Local =>
      f.let(f32x4.demoteF64x2Zero(body(site, ...values.map((x) => f.let(f64x2.promoteLowF32x4(widen(x)))))));
    const low = half((x) => x);
    const high = half((x) => shuffle32(x, x, [2, 3, 2, 3]));
    return shuffle32(low, high, [0, 1, 4, 5]);
  };
}

/**
 * The routine as a function of the module, v128 → v128 or (v128, v128) → v128, for four float32 or two float64 lanes.
 * To write its body in line instead, call `routine[dtype]({ module, f }, ...locals)`.
 */
export function routineFunction(
  module: ModuleBuilder,
  { name, arity }: { readonly name: string; readonly arity: number },
  routine: Routine,
  dtype: "float32" | "float64",
): FunctionHandle {
  const parameters = Array.from({ length: arity }, () => "v128" as const);
  return module.routine(`${name}.${dtype}`, () =>
    module.function({ name: `${name}.${dtype}`, parameters, results: ["v128"] }, (f, ...values) =>
      routine[dtype]({ module, f }, ...values),
    ),
  );
}
