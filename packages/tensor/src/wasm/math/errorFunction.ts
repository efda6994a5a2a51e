/** erf and gelu: a series near 0, and exp(−x²) times a smooth function elsewhere. */

import { erfNearZero, scaledComplement, scaledComplementLow } from "../../erfCoefficients.js";
import { type Expression, type Local, v128 } from "../assembler/index.js";
import { expClamped, expParts, expTailBrief } from "./exponential.js";
import {
  arithmetic,
  type Body,
  double,
  polynomial,
  productError,
  type Routine,
  type Site,
  throughDouble,
} from "./shape.js";

/** The same two functions to 2⁻³⁴, for float32: erf(x)/x − 1 in x², and (1 + 2x)·exp(x²)·erfc(x) in q, x ≤ 12. */
export const erfNearZeroBrief = [
  0.12837916706317837, -0.3761263848395393, 0.11283782748887523, -0.02686544589335998, 0.005221075017217319,
  -0.0008484712695668612, 0.00011270548762792017, -9.680137052014464e-6,
];
export const scaledComplementBrief = [
  1.2530080582717957, -0.13562110515836834, -0.04756229467558139, 0.12964510331231793, -0.11927365916143501,
  0.0683089310105969, -0.02377046975367801, 0.0025231321595194926, 0.0018878708016322474, -0.0007590885096809878,
  -0.00010160870345397636, 9.272949910812835e-5,
];

/** erf x for |x| ≤ 1. */
function erfSmall(site: Site, x: Local, brief: boolean): Expression {
  const { add, mul } = arithmetic(double);
  const square = site.f.let(mul(x, x));
  return add(x, mul(x, polynomial(site, double, brief ? erfNearZeroBrief : erfNearZero, square)));
}

/** What rounding lost of a number and of its square. */
interface Lost {
  readonly ofNumber: Expression;
  readonly ofSquare: Expression;
}

/** factor·erfc a for 1/2 ≤ a ≤ 28, or 12 if nothing is known of what was lost: then to float32's accuracy. */
function complement(site: Site, a: Local, square: Local, factor: Local, lost?: Lost): Expression {
  const { c, add, sub, mul, div, neg } = arithmetic(double);
  const { f } = site;
  const q = f.let(div(sub(a, c(3)), add(a, c(3))));
  const doubled = f.let(add(a, a));
  const denominator = f.let(add(doubled, c(1)));
  if (lost === undefined) {
    const quotient = div(polynomial(site, double, scaledComplementBrief, q), denominator);
    return mul(mul(quotient, factor), expClamped(site, double, neg(square), undefined, expTailBrief));
  }
  const [head, ...tail] = scaledComplement;
  const rest = f.let(mul(q, polynomial(site, double, tail, q)));
  const numerator = f.let(add(c(head!), rest));
  const numeratorLow = add(sub(rest, sub(numerator, c(head!))), c(scaledComplementLow));
  const denominatorLow = add(sub(doubled, sub(denominator, c(1))), mul(c(2), lost.ofNumber));
  const quotient = f.let(div(numerator, denominator));
  const product = f.let(mul(quotient, denominator));
  const residual = sub(sub(numerator, product), productError(site, double, quotient, denominator, product));
  const lows = sub(numeratorLow, mul(quotient, denominatorLow));
  const quotientLow = f.let(div(add(residual, lows), denominator));
  // Both factors as sums; the powers of two last, so that a subnormal result is rounded once.
  const scaled = f.let(mul(quotient, factor));
  const scaledLow = f.let(add(productError(site, double, quotient, factor, scaled), mul(quotientLow, factor)));
  const exponential = expParts(site, double, neg(square), neg(lost.ofSquare));
  const { significand } = exponential;
  const correction = add(mul(exponential.lost, scaled), mul(significand, scaledLow));
  return mul(mul(add(mul(significand, scaled), correction), exponential.first), exponential.second);
}

/** erfc |x|, clamped to where it is not zero. */
function complementOfSize(site: Site, x: Local, brief: boolean): Expression {
  const { c, abs, mul, atMost, atLeast } = arithmetic(double);
  const { f } = site;
  const a = f.let(atLeast(atMost(abs(x), brief ? 12 : 28), 0.5));
  const square = f.let(mul(a, a));
  const one = f.let(c(1));
  if (brief) return complement(site, a, square, one);
  return complement(site, a, square, one, { ofNumber: c(0), ofSquare: productError(site, double, a, a, square) });
}

/** Picks the near or the far body lane by lane, and skips one that no lane needs. */
function nearOrFar(site: Site, isNear: Expression, near: () => Expression, far: () => Expression): Expression {
  const { f } = site;
  const mask = f.let(isNear);
  const result = f.local("v128");
  f.if(v128.anyTrue(mask), () => f.set(result, near()));
  f.if(v128.anyTrue(v128.not(mask)), () => f.set(result, v128.bitselect(result, far(), mask)));
  return result;
}

const erf = (brief: boolean): Body => {
  const { c, abs, sub, le, sign } = arithmetic(double);
  return (site, x) =>
    nearOrFar(
      site,
      le(abs(x!), c(1)),
      () => erfSmall(site, x!, brief),
      () => v128.or(sub(c(1), complementOfSize(site, x!, brief)), sign(x!)),
    );
};

/** √½ less `Math.SQRT1_2`. */
const rootHalfLow = -4.833646656726457e-17;

/** x·Φ(x) = x/2·erfc(−x/√2). */
const gelu = (brief: boolean): Body => {
  const { c, abs, add, sub, mul, le, lt, choose, atMost, atLeast } = arithmetic(double);
  return (site, x) => {
    const { f } = site;
    const scaled = f.let(mul(x!, c(Math.SQRT1_2)));
    return nearOrFar(
      site,
      le(abs(scaled), c(0.5)),
      () => mul(x!, add(c(0.5), mul(c(0.5), erfSmall(site, scaled, brief)))),
      () => {
        const limit = brief ? 16 : 39.5;
        const size = f.let(atLeast(atMost(abs(x!), limit), 0.5));
        const rootHalf = f.let(c(Math.SQRT1_2));
        const a = f.let(mul(size, rootHalf));
        const product = f.let(mul(size, size));
        const square = f.let(mul(product, c(0.5)));
        const lost = (): Lost => ({
          ofNumber: add(productError(site, double, size, rootHalf, a), mul(size, c(rootHalfLow))),
          ofSquare: mul(productError(site, double, size, size, product), c(0.5)),
        });
        // Beyond the limit the complement is 0; the clamp keeps 0·∞ away.
        const negative = f.let(lt(x!, c(0)));
        const factor = f.let(mul(c(0.5), choose(negative, atLeast(x!, -limit), c(1))));
        const part = f.let(complement(site, a, square, factor, brief ? undefined : lost()));
        return choose(negative, part, mul(x!, sub(c(1), part)));
      },
    );
  };
};

const routine = (body: (brief: boolean) => Body): Routine => ({
  float32: throughDouble(body(true)),
  float64: body(false),
});

export const erfRoutine: Routine = /* @__PURE__ */ routine(erf);
export const geluRoutine: Routine = /* @__PURE__ */ routine(gelu);
