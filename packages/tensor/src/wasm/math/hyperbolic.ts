/** tanh, sinh and cosh. */

import { v128 } from "../assembler/index.js";
import { expm1Rest, expTailDouble, expTailShort, reduceByLn2, splitPower } from "./exponential.js";
import { arithmetic, type Body, bothWidths, polynomial, type Routine, type Shape, single } from "./shape.js";

/** tanh |x| = E/(E + 2) with E = e^(2|x|) − 1: no cancellation anywhere, one quotient. */
const tanh = (shape: Shape): Body => {
  const { c, abs, add, sub, mul, div, lt, atMost, choose } = arithmetic(shape);
  return (site, x) => {
    const { f } = site;
    // Beyond the bound tanh rounds to 1, and so does the quotient; 2ⁿ is far from overflow.
    const doubled = atMost(mul(abs(x!), c(2)), shape === single ? 20 : 40);
    const { r, shifted } = reduceByLn2(site, shape, doubled, shape.bias);
    const rest = f.let(expm1Rest(site, shape, r, shape === single ? expTailShort : expTailDouble));
    const p = f.let(add(r, rest));
    const scale = f.let(shape.shiftLeft(shifted, shape.significand));
    const e = f.let(add(mul(p, scale), sub(scale, c(1))));
    const sum = f.let(add(e, c(2)));
    const q = f.let(div(e, sum));
    // What E and the sum lost: ∂q/∂E is at most 1/sum, ∂q/∂sum = −q/sum, and 1/sum = (1 − q)/2, which is too coarse
    // to use where q is almost 1.
    const lost = v128.and(sub(e, sub(sum, c(2))), lt(e, c(2 ** (shape.significand - 4))));
    const eLost = mul(sub(rest, sub(p, r)), scale);
    const correction = mul(sub(eLost, mul(q, lost)), sub(c(0.5), mul(q, c(0.5))));
    return choose(c(-0), x!, add(q, correction));
  };
};

/** (sinh(r)/r − 1)/r² and (cosh(r) − 1)/r² in r², |r| ≤ ln 2 / 2 · 1.005, minimax; log₂ of the weighted error. */
const sinhTail = {
  /** −37.4 */
  single: [0.16666666757147075, 0.008333288077384992, 0.00019905589043123776],
  /** −61.6 */
  double: [
    0.16666666666666677, 0.008333333333321157, 0.00019841269887475963, 2.7557242713299128e-6, 2.5109601508121158e-8,
  ],
};
const coshTail = {
  /** −34.2 */
  single: [0.5000000081476036, 0.04166625917347166, 0.0013946796058927997],
  /** −70.5 */
  double: [
    0.5, 0.04166666666666671, 0.001388888888886296, 2.4801587365214218e-5, 2.755724030603031e-7, 2.092489280763743e-9,
  ],
};

/**
 * With |x| = n·ln 2 + r, a = cosh(n ln 2), b = sinh(n ln 2), both exact where the smaller power counts:
 * sinh |x| = b + (b·(cosh r − 1) + a·sinh r), cosh |x| = a + (a·(cosh r − 1) + b·sinh r).
 */
const hyperbolicPair = (shape: Shape, which: "sinh" | "cosh"): Body => {
  const { c, abs, add, sub, mul, atMost, atLeast, sign, power } = arithmetic(shape);
  const width = shape === single ? "single" : "double";
  return (site, x) => {
    const { f } = site;
    const { n, r, shifted } = reduceByLn2(site, shape, atMost(abs(x!), shape === single ? 90 : 711), 2 * shape.bias);
    const square = f.let(mul(r, r));
    const odd = f.let(add(r, mul(mul(r, square), polynomial(site, shape, sinhTail[width], square))));
    const even = f.let(mul(square, polynomial(site, shape, coshTail[width], square)));
    // a/2ⁿ and b/2ⁿ; 2^(−2n−1) vanishes beside 1/2 long before the exponent leaves the range.
    const reciprocal = f.let(power(atLeast(sub(mul(n, c(-2)), c(1)), shape === single ? -100 : -1000)));
    const a = f.let(add(c(0.5), reciprocal));
    const b = f.let(sub(c(0.5), reciprocal));
    const [large, small] = which === "sinh" ? [b, a] : [a, b];
    const sum = add(large, add(mul(large, even), mul(small, odd)));
    const [first, second] = splitPower(site, shape, shifted);
    const result = mul(mul(sum, first), second);
    return which === "sinh" ? v128.or(result, sign(x!)) : result;
  };
};

export const tanhRoutine: Routine = /* @__PURE__ */ bothWidths(tanh);
export const sinhRoutine: Routine = /* @__PURE__ */ bothWidths((shape) => hyperbolicPair(shape, "sinh"));
export const coshRoutine: Routine = /* @__PURE__ */ bothWidths((shape) => hyperbolicPair(shape, "cosh"));
