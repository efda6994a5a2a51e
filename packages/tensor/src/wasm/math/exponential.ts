/**
 * exp and expm1: x = n·ln 2 + r with |r| ≤ ln 2 / 2, then eˣ = 2ⁿ·eʳ. n·ln 2 is subtracted in two parts, the first
 * short enough for the product to be exact (Cody and Waite, "Software Manual for the Elementary Functions", 1980).
 */

import { type Expression, type Local, v128 } from "../assembler/index.js";
import { arithmetic, type Body, bothWidths, horner, type Routine, type Shape, type Site, single } from "./shape.js";

/** ln 2 in two parts, the first of 9 or 42 bits. */
export const ln2 = {
  single: { high: 0.693359375, low: -2.1219444005469057e-4 },
  double: { high: 0.6931471805598903, low: 5.497923018708371e-14 },
};

// (eʳ − 1 − r)/r² on |r| ≤ ln 2 / 2 · 1.005, minimax; the error's base-2 logarithm, relative to eʳ, beside each. Apart, so
// that who computes no eʳ − 1 ships no coefficients for it.

/** −28.2, for eʳ itself rather than eʳ − 1 */
export const expTailShort = [
  0.49999993253692787, 0.16666517762467725, 0.04166842181836242, 0.008369063453132137, 0.001381388059597148,
];
/** −34.1 */
export const expTailSingle = [
  0.5000000069522471, 0.16666665838117198, 0.04166628791482295, 0.00833350157164678, 0.0013945194428695098,
  0.00019789281679092173,
];
/** −39.6, for float32 results computed in float64 */
export const expTailBrief = [
  0.500000000044419, 0.1666666678800006, 0.04166666433632469, 0.00833328077419378, 0.0013889203355520784,
  0.00019909615335266545, 2.470734530368107e-5,
];
/** −63.9 */
export const expTailDouble = [
  0.5, 0.16666666666666685, 0.04166666666666606, 0.008333333333316388, 0.0013888888889125443, 0.0001984126989801832,
  2.4801586914282354e-5, 2.7557233199083735e-6, 2.755758784845927e-7, 2.5112625410986118e-8, 2.0825928995853555e-9,
];

/** n and r of x = n·ln 2 + r; the bits of `shifted` end with the whole number n + offset. */
export function reduceByLn2(
  { f }: Site,
  shape: Shape,
  x: Expression,
  offset: number,
  low?: Expression,
): { n: Local; r: Local; shifted: Local } {
  const { c, add, sub, mul } = arithmetic(shape);
  const parts = shape === single ? ln2.single : ln2.double;
  const known = f.let(x);
  const rounder = shape.rounder + offset;
  const shifted = f.let(add(mul(known, c(Math.LOG2E)), c(rounder)));
  const n = f.let(sub(shifted, c(rounder)));
  const r = sub(sub(known, mul(n, c(parts.high))), mul(n, c(parts.low)));
  return { n, r: f.let(low === undefined ? r : add(r, low)), shifted };
}

/** eʳ − 1 − r for the reduced r. */
export function expm1Rest(site: Site, shape: Shape, r: Local, tail: readonly number[]): Expression {
  const { mul } = arithmetic(shape);
  const series = site.f.let(horner(site, shape, tail, r));
  return mul(mul(r, r), series);
}

/** eʳ − 1 for the reduced r. */
function expm1Reduced(site: Site, shape: Shape, r: Local, tail: readonly number[]): Expression {
  return arithmetic(shape).add(r, expm1Rest(site, shape, r, tail));
}

/**
 * 2ⁿ as a product of two powers, so that neither overflows and a subnormal product is rounded once. The bits of
 * `shifted` end with n + 2·bias.
 */
export function splitPower({ f }: Site, shape: Shape, shifted: Local): [Local, Local] {
  const { significand, shiftLeft, shiftRight, subtractBits } = shape;
  const half = f.let(shiftRight(shifted, 1));
  return [f.let(shiftLeft(half, significand)), f.let(shiftLeft(subtractBits(shifted, half), significand))];
}

/** e^(x + low) = (significand + lost)·first·second, for x clamped to where that is not 0 or infinite, or a little beyond. */
export function expParts(
  site: Site,
  shape: Shape,
  x: Expression,
  low?: Expression,
  tail: readonly number[] = shape === single ? expTailShort : expTailDouble,
): { significand: Local; lost: Expression; first: Local; second: Local } {
  const { c, add, sub, atMost, atLeast } = arithmetic(shape);
  const { f } = site;
  const clamped = shape === single ? atLeast(atMost(x, 89), -104) : atLeast(atMost(x, 710), -746);
  const { r, shifted } = reduceByLn2(site, shape, clamped, 2 * shape.bias, low);
  const rest = f.let(expm1Reduced(site, shape, r, tail));
  const significand = f.let(add(rest, c(1)));
  const [first, second] = splitPower(site, shape, shifted);
  return { significand, lost: sub(rest, sub(significand, c(1))), first, second };
}

/** e^(x + low) as one number. */
export function expClamped(
  site: Site,
  shape: Shape,
  x: Expression,
  low?: Expression,
  tail?: readonly number[],
): Expression {
  const { mul } = arithmetic(shape);
  const { significand, first, second } = expParts(site, shape, x, low, tail);
  return mul(mul(significand, first), second);
}

/**
 * eˣ for x ≤ 0: nothing overflows, so one power, 2ⁿ⁺⁶⁵, is exact, and what may be subnormal is rounded once, at the end.
 * The same bits as of `expClamped`: an even offset, bias + 65, leaves ties in rounding to n as they are.
 */
export function expOfNegative(site: Site, shape: Shape, x: Expression): Expression {
  const { c, add, mul, atLeast } = arithmetic(shape);
  const [least, tail] = shape === single ? [-104, expTailShort] : [-746, expTailDouble];
  const { r, shifted } = reduceByLn2(site, shape, atLeast(x, least), shape.bias + 65);
  const significand = add(expm1Reduced(site, shape, r, tail), c(1));
  return mul(mul(significand, shape.shiftLeft(shifted, shape.significand)), c(2 ** -65));
}

/** eˣ − 1, but +0 for −0. */
export function expm1Unsigned(site: Site, shape: Shape, x: Expression): Expression {
  const { c, add, sub, mul, atMost, atLeast, power, round } = arithmetic(shape);
  const { f } = site;
  const clamped = shape === single ? atLeast(atMost(x, 89), -30) : atLeast(atMost(x, 710), -50);
  const { n, r } = reduceByLn2(site, shape, clamped, shape.bias);
  const p = f.let(expm1Reduced(site, shape, r, shape === single ? expTailSingle : expTailDouble));
  // 2ⁿ·p + 2ⁿ − 1 with the second power taken out: the difference of powers is exact where it matters.
  const half = f.let(round(mul(n, c(0.5))));
  const rest = f.let(sub(n, half));
  const first = f.let(power(half));
  return mul(add(mul(p, first), sub(first, power(sub(c(0), rest)))), power(rest));
}

const exp = (shape: Shape): Body => {
  return (site, x) => expClamped(site, shape, x!);
};

const expm1 = (shape: Shape): Body => {
  // or-ing the sign restores −0; everywhere else it is there already.
  return (site, x) => v128.or(expm1Unsigned(site, shape, x!), arithmetic(shape).sign(x!));
};

export const expRoutine: Routine = /* @__PURE__ */ bothWidths(exp);
export const expm1Routine: Routine = /* @__PURE__ */ bothWidths(expm1);
