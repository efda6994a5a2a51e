/** sin, cos and tan: reduced to |r| ≤ π/4, where sine and cosine are short series. */

import { type Expression, i64x2, type Local, v128 } from "../assembler/index.js";
import { type Reduced, reduceByHalfPi } from "./halfPi.js";
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

/** (sin(r)/r − 1)/r² and (cos r − 1 + r²/2)/r⁴ in r², |r| ≤ π/4 · 1.001, minimax; log₂ of the weighted error. */
export const sinTail = {
  /** −37.6 */
  brief: [-0.16666666641443917, 0.008333329363522832, -0.00019839327349611437, 2.718238167047331e-6],
  /** −58.0 */
  full: [
    -0.16666666666666632, 0.008333333333322332, -0.00019841269829735608, 2.755731366479816e-6, -2.505075358071342e-8,
    1.58965179788467e-10,
  ],
};
export const cosTail = {
  /** −43.2 */
  brief: [0.04166666662247143, -0.0013888883722235205, 2.4799511678497662e-5, -2.7209541711682544e-7],
  /** −64.2 */
  full: [
    0.0416666666666666, -0.0013888888888873995, 2.4801587289397098e-5, -2.7557314326530373e-7, 2.087571961319186e-9,
    -1.1359450963837605e-11,
  ],
};

interface Sum {
  readonly high: Local;
  readonly low: Expression;
}

/** sin r and cos r, each as a rounded sum and what the rounding lost. */
function sinAndCos(site: Site, { high, low }: Reduced, brief: boolean): { sin: Sum; cos: Sum } {
  const { c, add, sub, mul } = arithmetic(double);
  const { f } = site;
  const square = f.let(mul(high, high));
  const width = brief ? "brief" : "full";
  const sinSeries = mul(high, polynomial(site, double, sinTail[width], square));
  const sinRest = f.let(add(low, mul(square, sub(sinSeries, mul(low, c(0.5))))));
  const sin = f.let(add(high, sinRest));
  const half = f.let(mul(square, c(0.5)));
  const head = f.let(sub(c(1), half));
  const cosSeries = mul(mul(square, square), polynomial(site, double, cosTail[width], square));
  const cosRest = f.let(add(sub(sub(c(1), head), half), sub(cosSeries, mul(high, low))));
  const cos = f.let(add(head, cosRest));
  return {
    sin: { high: sin, low: sub(sinRest, sub(sin, high)) },
    cos: { high: cos, low: sub(cosRest, sub(cos, head)) },
  };
}

/** All ones where the quadrant is odd. */
const isOdd = (quadrant: Expression): Expression => i64x2.sub(i64x2.const(0n), v128.and(quadrant, i64x2.const(1n)));

/** sin x, or cos x as the sine a quarter turn on. */
const wave = (which: "sin" | "cos", brief: boolean): Body => {
  return (site, x) => {
    const { c, abs, lt, choose } = arithmetic(double);
    const { f } = site;
    const reduced = reduceByHalfPi(site, x!);
    const { sin, cos } = sinAndCos(site, reduced, brief);
    const turned = which === "sin" ? reduced.quadrant : i64x2.add(reduced.quadrant, i64x2.const(1n));
    const quadrant = f.let(turned);
    const value = choose(isOdd(quadrant), cos.high, sin.high);
    const signed = v128.xor(value, double.shiftLeft(v128.and(quadrant, i64x2.const(2n)), 62));
    return which === "sin" ? choose(lt(abs(x!), c(2 ** -27)), x!, signed) : signed;
  };
};

const tan = (brief: boolean): Body => {
  return (site, x) => {
    const { c, add, sub, mul, div, abs, lt, choose, sign } = arithmetic(double);
    const { f } = site;
    const reduced = reduceByHalfPi(site, x!);
    const { sin, cos } = sinAndCos(site, reduced, brief);
    const odd = f.let(isOdd(reduced.quadrant));
    const numerator = f.let(choose(odd, cos.high, sin.high));
    const denominator = f.let(choose(odd, sin.high, cos.high));
    const quotient = f.let(div(numerator, denominator));
    if (!brief) {
      const product = f.let(mul(quotient, denominator));
      const residual = sub(sub(numerator, product), productError(site, double, quotient, denominator, product));
      const [sinLow, cosLow] = [f.let(sin.low), f.let(cos.low)];
      const lows = sub(choose(odd, cosLow, sinLow), mul(quotient, choose(odd, sinLow, cosLow)));
      f.set(quotient, add(quotient, div(add(residual, lows), denominator)));
    }
    const signed = v128.xor(quotient, sign(odd));
    return choose(lt(abs(x!), c(2 ** -27)), x!, signed);
  };
};

const routine = (body: (brief: boolean) => Body): Routine => ({
  float32: throughDouble(body(true)),
  float64: body(false),
});

export const sinRoutine: Routine = /* @__PURE__ */ routine((brief) => wave("sin", brief));
export const cosRoutine: Routine = /* @__PURE__ */ routine((brief) => wave("cos", brief));
export const tanRoutine: Routine = /* @__PURE__ */ routine(tan);
