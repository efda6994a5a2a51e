/** asin, acos, atan and atan2. */

import { type Expression, type Local, v128 } from "../assembler/index.js";
import {
  arithmetic,
  type Body,
  bothWidths,
  polynomial,
  productError,
  type Routine,
  type Shape,
  type Site,
  single,
} from "./shape.js";

/** (atan(t)/t − 1)/t² in t², t ≤ √2 − 1, minimax; log₂ of the weighted error. */
export const atanTail = {
  /** −35.4 */
  single: [
    -0.33333332512415287, 0.19999904932891716, -0.14282033151197504, 0.1104496415916049, -0.08477588723936594,
    0.047464094708292055,
  ],
  /** −59.5 */
  double: [
    -0.333333333333332, 0.19999999999953658, -0.1428571428020373, 0.11111110783804738, -0.0909089776688287,
    0.07692060359109847, -0.06663105430149269, 0.05847897224666218, -0.05039330115504548, 0.03806493731932116,
    -0.017907324827266247,
  ],
};

/** (asin(s)/s − 1)/s² in s², s ≤ 1/2, minimax; log₂ of the weighted error. */
export const asinTail = {
  /** −35.8 */
  single: [
    0.1666666718854496, 0.07499948258154243, 0.044660137588819364, 0.030110547905672316, 0.02461670078760798,
    0.007473660519292445, 0.03468818468516822,
  ],
  /** −59.8 */
  double: [
    0.16666666666666763, 0.07499999999970272, 0.04464285717511125, 0.030381942684071545, 0.022372215647888678,
    0.017351600305368493, 0.013980959016761748, 0.011397794874864732, 0.010786428778166657, 0.003683400903076639,
    0.021762670561864268, -0.021076177721881313, 0.032676225983418315,
  ],
};

/** A constant in two parts of the shape's precision. */
function parts(shape: Shape, high: number, low: number): { high: number; low: number } {
  if (shape !== single) return { high, low };
  return { high: Math.fround(high), low: high - Math.fround(high) };
}
const piLow = 1.2246467991473532e-16;

/** The angle of (b, a) in the first quadrant; a and b not negative, finite or not, but not both infinite. */
function firstQuadrant(site: Site, shape: Shape, a: Local, b: Local): Expression {
  const { c, add, sub, mul, div, neg, gt, eq, choose } = arithmetic(shape);
  const { f } = site;
  // Turned back by a quarter or an eighth of a turn, the tangent is at most √2 − 1.
  const middle = f.let(gt(a, mul(b, c(Math.SQRT2 - 1))));
  const steep = f.let(gt(a, mul(b, c(Math.SQRT2 + 1))));
  const numerator = choose(steep, neg(b), choose(middle, sub(a, b), a));
  const sum = f.let(add(a, b));
  const denominator = choose(steep, a, choose(middle, sum, b));
  const t = f.let(div(numerator, choose(eq(sum, c(0)), c(1), denominator)));
  const square = f.let(mul(t, t));
  const series = polynomial(site, shape, shape === single ? atanTail.single : atanTail.double, square);
  const quarter = parts(shape, Math.PI / 2, piLow / 2);
  const eighth = parts(shape, Math.PI / 4, piLow / 4);
  const turn = choose(steep, c(quarter.high), v128.and(middle, c(eighth.high)));
  const turnLow = choose(steep, c(quarter.low), v128.and(middle, c(eighth.low)));
  return add(turn, add(t, add(mul(mul(t, square), series), turnLow)));
}

const atan = (shape: Shape): Body => {
  const { c, abs, sign } = arithmetic(shape);
  return (site, x) => v128.or(firstQuadrant(site, shape, site.f.let(abs(x!)), site.f.let(c(1))), sign(x!));
};

/** atan2(y, x): the angle of the point (x, y). */
const atan2 = (shape: Shape): Body => {
  const { c, abs, sub, mul, eq, gt, lt, pseudoMax, choose, sign } = arithmetic(shape);
  const { bias, significand, smallestNormal } = shape;
  return (site, y, x) => {
    const { f } = site;
    const a = f.let(abs(y!));
    const b = f.let(abs(x!));
    const bothInfinite = f.let(v128.and(eq(a, c(Infinity)), eq(b, c(Infinity))));
    f.set(a, choose(bothInfinite, c(1), a));
    f.set(b, choose(bothInfinite, c(1), b));
    // Neither may the sum overflow nor the bounds of the cases be subnormal.
    const larger = f.let(pseudoMax(a, b));
    const shrink = choose(gt(larger, c(2 ** (bias - 2))), c(1 / 16), c(1));
    const tiny = lt(larger, c(smallestNormal * 2 ** (significand + 3)));
    const scale = f.let(choose(tiny, c(2 ** (significand + 3)), shrink));
    f.set(a, mul(a, scale));
    f.set(b, mul(b, scale));
    const angle = f.let(firstQuadrant(site, shape, a, b));
    const pi = parts(shape, Math.PI, piLow);
    const bits = shape === single ? 31 : 63;
    const left = shape.subtractBits(shape.bits(0n), shape.shiftRight(x!, bits));
    return v128.or(choose(left, sub(c(pi.high), sub(angle, c(pi.low))), angle), sign(y!));
  };
};

/** s and what belongs to it: asin s = s + rest, s = |x| for |x| ≤ 1/2, else √((1 − |x|)/2), rounding and all. */
function halfAngle(site: Site, shape: Shape, x: Local): { large: Local; s: Local; rest: Local } {
  const { c, abs, add, sub, mul, div, sqrt, gt, choose, atLeast } = arithmetic(shape);
  const { f } = site;
  const size = f.let(abs(x));
  const large = f.let(gt(size, c(0.5)));
  const square = f.let(choose(large, mul(sub(c(1), size), c(0.5)), mul(size, size)));
  const s = f.let(choose(large, sqrt(square), size));
  const tail = polynomial(site, shape, shape === single ? asinTail.single : asinTail.double, square);
  const series = f.let(mul(mul(s, square), tail));
  const product = f.let(mul(s, s));
  const lost = sub(sub(square, product), productError(site, shape, s, s, product));
  const correction = div(lost, atLeast(add(s, s), shape.smallestNormal));
  return { large, s, rest: f.let(add(series, v128.and(large, correction))) };
}

/** base − (u + v), u the larger, base in two parts. */
function subtractFrom(site: Site, shape: Shape, base: readonly [Local, Local], u: Local, v: Expression): Expression {
  const { add, sub } = arithmetic(shape);
  const difference = site.f.let(sub(base[0], u));
  const lost = sub(sub(base[0], difference), u);
  return add(difference, sub(add(lost, base[1]), v));
}

const asin = (shape: Shape): Body => {
  const { c, add, choose, sign } = arithmetic(shape);
  return (site, x) => {
    const { f } = site;
    const { large, s, rest } = halfAngle(site, shape, x!);
    const quarter = parts(shape, Math.PI / 2, piLow / 2);
    const base = [f.let(c(quarter.high)), f.let(c(quarter.low))] as const;
    const beyond = subtractFrom(site, shape, base, f.let(add(s, s)), add(rest, rest));
    return v128.or(choose(large, beyond, add(s, rest)), sign(x!));
  };
};

const acos = (shape: Shape): Body => {
  const { c, add, lt, choose, flip, neg } = arithmetic(shape);
  return (site, x) => {
    const { f } = site;
    const { large, s, rest } = halfAngle(site, shape, x!);
    const half = parts(shape, Math.PI / 2, piLow / 2);
    const whole = parts(shape, Math.PI, piLow);
    const negative = f.let(lt(x!, c(0)));
    // π/2 − asin x, or π − 2·asin s, or 2·asin s.
    const base = [
      f.let(choose(large, v128.and(negative, c(whole.high)), c(half.high))),
      f.let(choose(large, v128.and(negative, c(whole.low)), c(half.low))),
    ] as const;
    const u = f.let(choose(large, add(s, s), s));
    const v = choose(large, add(rest, rest), rest);
    const turned = (value: Expression): Expression =>
      choose(large, choose(negative, value, neg(value)), flip(value, x!));
    return subtractFrom(site, shape, base, f.let(turned(u)), turned(f.let(v)));
  };
};

export const asinRoutine: Routine = /* @__PURE__ */ bothWidths(asin);
export const acosRoutine: Routine = /* @__PURE__ */ bothWidths(acos);
export const atanRoutine: Routine = /* @__PURE__ */ bothWidths(atan);
export const atan2Routine: Routine = /* @__PURE__ */ bothWidths(atan2);
