/** pow and rsqrt. */

import { type Expression, type Local, v128 } from "../assembler/index.js";
import { expClamped, expTailBrief, expTailDouble, ln2 } from "./exponential.js";
import { logNormal, splitExponent } from "./logarithm.js";
import {
  arithmetic,
  type Body,
  bothWidths,
  double,
  polynomial,
  productError,
  type Routine,
  type Shape,
  type Site,
  throughDouble,
} from "./shape.js";

/** ((artanh(s)/s − 1)/s² − 1/3)/s² in s², s ≤ (√2 − 1)/(√2 + 1), minimax; weighted by s⁴ the error is 2⁻⁸⁰·⁸. */
const artanhTail = [
  0.2, 0.14285714285714188, 0.1111111111114553, 0.09090909084588572, 0.07692308380054344, 0.06666620029993224,
  0.05884342959049624, 0.05211345446893012, 0.05507444028560378,
];
const third = { high: 0.3333333333333333, low: 1.850371707708594e-17 };

interface Sum {
  readonly high: Local;
  readonly low: Local;
}

/** a·b, both sums, as a sum: the low parts' product is left out. */
function multiply(site: Site, a: Sum, b: Sum): Sum {
  const { add, mul } = arithmetic(double);
  const { f } = site;
  const high = f.let(mul(a.high, b.high));
  const error = productError(site, double, a.high, b.high, high);
  return { high, low: f.let(add(error, add(mul(a.high, b.low), mul(a.low, b.high)))) };
}

/** constant + b, |b| the smaller. */
function addTo(site: Site, constant: { high: number; low: number }, b: Sum): Sum {
  const { c, add, sub } = arithmetic(double);
  const { f } = site;
  const high = f.let(add(c(constant.high), b.high));
  const lost = sub(b.high, sub(high, c(constant.high)));
  return { high, low: f.let(add(lost, add(b.low, c(constant.low)))) };
}

/** log x to about 66 bits, x positive and normal, `lift` added to the exponent: 2s(1 + s²(1/3 + s²(…))). */
function logSum(site: Site, x: Expression, lift: Expression): Sum {
  const { c, add, sub, mul, div } = arithmetic(double);
  const { f } = site;
  const { k, m } = splitExponent(site, double, x);
  f.set(k, add(k, lift));
  const g = f.let(sub(m, c(1)));
  const denominator = f.let(add(g, c(2)));
  const high = f.let(div(g, denominator));
  const product = f.let(mul(high, denominator));
  const residual = sub(sub(g, product), productError(site, double, high, denominator, product));
  const denominatorLow = sub(g, sub(denominator, c(2)));
  const low = f.let(div(sub(residual, mul(high, denominatorLow)), denominator));
  const s: Sum = { high, low };
  const square = multiply(site, s, s);
  const zero = f.let(c(0));
  const tail = f.let(mul(square.high, polynomial(site, double, artanhTail, square.high)));
  const inner = multiply(site, square, addTo(site, third, { high: tail, low: zero }));
  const half = multiply(site, s, addTo(site, { high: 1, low: 0 }, inner));
  // k·ln 2 + 2·half: the first part of ln 2 is short, so its product is exact.
  const whole = f.let(mul(k, c(ln2.double.high)));
  const doubled = f.let(add(half.high, half.high));
  const total = f.let(add(whole, doubled));
  const virtual = f.let(sub(total, whole));
  const lost = add(sub(whole, sub(total, virtual)), sub(doubled, virtual));
  return { high: total, low: f.let(add(lost, add(add(half.low, half.low), mul(k, c(ln2.double.low))))) };
}

/** x^y = e^(y·log |x|) after IEEE 754: x⁰ = 1 and 1^y = 1 for every x and y, and (−1)^±∞ = 1. */
const pow = (brief: boolean): Body => {
  const { c, abs, add, mul, eq, ne, lt, gt, trunc, choose, atLeast, atMost, sign } = arithmetic(double);
  return (site, x, y) => {
    const { f } = site;
    const size = f.let(abs(x!));
    const lift = f.let(c(0));
    const scaled = f.let(size);
    if (!brief) {
      const subnormal = f.let(lt(size, c(double.smallestNormal)));
      f.set(scaled, choose(subnormal, mul(size, c(2 ** 54)), size));
      f.set(lift, v128.and(subnormal, c(-54)));
    }
    const zero = f.let(c(0));
    const log = brief ? { high: f.let(logNormal(site, double, scaled)), low: zero } : logSum(site, scaled, lift);
    const atInfinity = choose(lt(size, c(Infinity)), log.high, size);
    f.set(log.high, choose(eq(size, c(0)), c(-Infinity), atInfinity));
    const exponent = f.let(mul(y!, log.high));
    let low: Expression | undefined;
    if (!brief) {
      // Where y is beyond the clamp, the exponent is 0 or far out of range.
      const clamped = f.let(atLeast(atMost(y!, 2 ** 66), -(2 ** 66)));
      const error = productError(site, double, clamped, log.high, exponent);
      low = v128.and(add(error, mul(clamped, log.low)), lt(abs(exponent), c(1100)));
    }
    const magnitude = f.let(expClamped(site, double, exponent, low, brief ? expTailBrief : expTailDouble));
    const half = f.let(mul(y!, c(0.5)));
    const isInteger = f.let(eq(trunc(y!), y!));
    const isOdd = v128.and(isInteger, ne(trunc(half), half));
    const signed = v128.xor(magnitude, v128.and(sign(x!), isOdd));
    const finiteNegative = v128.and(lt(x!, c(0)), gt(x!, c(-Infinity)));
    const undefinedPower = v128.andNot(finiteNegative, isInteger);
    const atUnit = v128.or(eq(x!, c(1)), v128.and(eq(x!, c(-1)), eq(abs(y!), c(Infinity))));
    const isOne = v128.or(eq(y!, c(0)), atUnit);
    return choose(isOne, c(1), choose(undefinedPower, c(NaN), signed));
  };
};

const rsqrt = (shape: Shape): Body => {
  const { c, div, sqrt } = arithmetic(shape);
  return (_, x) => div(c(1), sqrt(x!));
};

export const rsqrtRoutine: Routine = /* @__PURE__ */ bothWidths(rsqrt);
export const powRoutine: Routine = /* @__PURE__ */ ((): Routine => ({
  float32: throughDouble(pow(true)),
  float64: pow(false),
}))();
