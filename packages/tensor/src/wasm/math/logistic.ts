/** sigmoid and softplus, which stay within range by taking the exponential of −|x|. */

import { expOfNegative } from "./exponential.js";
import { log1pFinite } from "./logarithm.js";
import { arithmetic, type Body, bothWidths, type Routine, type Shape } from "./shape.js";

/** 1/(1 + z) or z/(1 + z) with z = e^−|x|. */
const sigmoid = (shape: Shape): Body => {
  const { c, abs, neg, add, sub, mul, div, ge, choose } = arithmetic(shape);
  return (site, x) => {
    const { f } = site;
    const z = f.let(expOfNegative(site, shape, neg(abs(x!))));
    const positive = f.let(ge(x!, c(0)));
    const sum = f.let(add(z, c(1)));
    const q = f.let(div(choose(positive, c(1), z), sum));
    // What the sum lost: ∂q/∂sum = −q/sum, and 1/sum is q or 1 − q.
    const lost = sub(z, sub(sum, c(1)));
    return sub(q, mul(mul(q, lost), choose(positive, q, sub(c(1), q))));
  };
};

/** max(x, 0) + log(1 + e^−|x|). */
const softplus = (shape: Shape): Body => {
  const { abs, neg, add, atLeast } = arithmetic(shape);
  return (site, x) => {
    const z = site.f.let(expOfNegative(site, shape, neg(abs(x!))));
    return add(atLeast(x!, 0), log1pFinite(site, shape, z));
  };
};

export const sigmoidRoutine: Routine = /* @__PURE__ */ bothWidths(sigmoid);
export const softplusRoutine: Routine = /* @__PURE__ */ bothWidths(softplus);
