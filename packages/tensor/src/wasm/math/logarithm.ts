/**
 * log and log1p: x = 2ᵏ·m with m in [√½, √2), f = m − 1, s = f/(2 + f); then log m = 2·artanh s, written so that the
 * leading terms f − f²/2 are exact (the arrangement of FreeBSD's msun, after Tang 1990).
 */

import { type Expression, type Local, v128 } from "../assembler/index.js";
import { ln2 } from "./exponential.js";
import { arithmetic, type Body, bothWidths, polynomial, type Routine, type Shape, type Site, single } from "./shape.js";

/** (2·artanh(s)/s − 2)/s² as a polynomial in s², s ≤ (√2 − 1)/(√2 + 1), minimax; log₂ of the error, weighted by s². */
export const artanhTail = {
  /** −36.6 */
  single: [0.6666666564222884, 0.4000033608586796, 0.2853724280647555, 0.2358353599321672],
  /** −65.7 */
  double: [
    0.6666666666666666, 0.40000000000006275, 0.2857142856907697, 0.2222222264823046, 0.18181775543918313,
    0.15387096345366424, 0.13249986729697177, 0.13252567042112834,
  ],
};

/** k and m of x = 2ᵏ·m, m in [√½, √2), for positive normal x. */
export function splitExponent({ f }: Site, shape: Shape, x: Expression): { k: Local; m: Local } {
  const { sub, c } = arithmetic(shape);
  const { significand, bias } = shape;
  const rootHalf = shape === single ? 0x3f3504f3n : 0x3fe6a09e667f3bcdn;
  const one = BigInt(bias) << BigInt(significand);
  const shifted = f.let(shape.addBits(x, shape.bits(one - rootHalf)));
  // The biased exponent as the low bits of 2^significand, where a float's step is 1.
  const anchor = BigInt(bias + significand) << BigInt(significand);
  const exponent = v128.or(shape.shiftRight(shifted, significand), shape.bits(anchor));
  const k = f.let(sub(exponent, c(2 ** significand + bias)));
  const mask = (1n << BigInt(significand)) - 1n;
  return { k, m: f.let(shape.addBits(v128.and(shifted, shape.bits(mask)), shape.bits(rootHalf))) };
}

/** k·ln 2 + log(1 + g) + low, the sum taken from the small to the large. */
function assemble(site: Site, shape: Shape, k: Expression, g: Local, low?: Expression): Expression {
  const { c, add, sub, mul, div } = arithmetic(shape);
  const { f } = site;
  const s = f.let(div(g, add(g, c(2))));
  const z = f.let(mul(s, s));
  const tail = mul(z, polynomial(site, shape, shape === single ? artanhTail.single : artanhTail.double, z));
  const halfSquare = f.let(mul(mul(g, g), c(0.5)));
  const parts = shape === single ? ln2.single : ln2.double;
  let small = add(mul(s, add(halfSquare, tail)), mul(k, c(parts.low)));
  if (low !== undefined) small = add(small, low);
  return sub(mul(k, c(parts.high)), sub(sub(halfSquare, small), g));
}

/** log x for positive normal x; `lift` is added to the exponent. */
export function logNormal(site: Site, shape: Shape, x: Expression, lift?: Expression): Expression {
  const { c, add, sub } = arithmetic(shape);
  const { k, m } = splitExponent(site, shape, x);
  const g = site.f.let(sub(m, c(1)));
  return assemble(site, shape, lift === undefined ? k : add(k, lift), g);
}

/** log x for every x. */
export function logAny(site: Site, shape: Shape, x: Local): Expression {
  const { c, lt, ge, eq, mul, choose } = arithmetic(shape);
  const { f } = site;
  const ordinary = v128.and(ge(x, c(shape.smallestNormal)), lt(x, c(Infinity)));
  const special = f.let(v128.not(ordinary));
  const scaled = f.let(x);
  const lift = f.let(c(0));
  const shift = shape.significand + 1;
  f.if(v128.anyTrue(special), () => {
    const subnormal = f.let(lt(x, c(shape.smallestNormal)));
    f.set(scaled, choose(subnormal, mul(x, c(2 ** shift)), x));
    f.set(lift, v128.and(subnormal, c(-shift)));
  });
  const result = f.let(logNormal(site, shape, scaled, lift));
  f.if(v128.anyTrue(special), () => {
    const positive = v128.and(arithmetic(shape).gt(x, c(0)), lt(x, c(Infinity)));
    const zeroOrNegative = choose(eq(x, c(0)), c(-Infinity), choose(lt(x, c(0)), c(NaN), x));
    f.set(result, choose(positive, result, zeroOrNegative));
  });
  return result;
}

/**
 * log(1 + x) for −1 < x < ∞: what 1 + x loses to rounding is put back as a quotient (Kahan; Hewlett-Packard 15C
 * handbook, 1982).
 */
export function log1pFinite(site: Site, shape: Shape, x: Local): Expression {
  const { c, add, sub, div } = arithmetic(shape);
  const { f } = site;
  const u = f.let(add(x, c(1)));
  const lost = f.let(div(sub(x, sub(u, c(1))), u));
  const { k, m } = splitExponent(site, shape, u);
  return assemble(site, shape, k, f.let(sub(m, c(1))), lost);
}

const log = (shape: Shape): Body => {
  return (site, x) => logAny(site, shape, x!);
};

const log1p = (shape: Shape): Body => {
  return (site, x) => {
    const { c, lt, gt, eq, choose, abs } = arithmetic(shape);
    const { f } = site;
    const result = f.let(log1pFinite(site, shape, x!));
    // 1 + x rounds up where x is just below 0 and subnormal or −0: there x is the result.
    const finite = v128.and(gt(x!, c(-1)), lt(x!, c(Infinity)));
    f.if(v128.anyTrue(v128.not(finite)), () => {
      const beyond = choose(eq(x!, c(-1)), c(-Infinity), choose(lt(x!, c(-1)), c(NaN), x!));
      f.set(result, choose(finite, result, beyond));
    });
    return choose(lt(abs(x!), c(2 ** -(shape.significand + 2))), x!, result);
  };
};

export const logRoutine: Routine = /* @__PURE__ */ bothWidths(log);
export const log1pRoutine: Routine = /* @__PURE__ */ bothWidths(log1p);
