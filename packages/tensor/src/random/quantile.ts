import { floating } from "../dtype.js";
import { type Unary, unary } from "../forms/map.js";
import { mul, square } from "../primitives/arithmetic.js";
import { exp } from "../primitives/exponential.js";
import * as s from "../scalar/instructions.js";
import { type Operand, operation, type Scalar } from "../scalar/scalar.js";

// M. J. Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Applied Statistics 37 (1988),
// routine PPND16: relative error about 1e-16. Three quotients of polynomials, lowest power first.

const centralTop = [
  3.387132872796366608, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125, 45921.953931549871457,
  67265.770927008700853, 33430.575583588128105, 2509.0809287301226727,
];
const centralBottom = [
  1, 42.313330701600911252, 687.1870074920579083, 5394.1960214247511077, 21213.794301586595867, 39307.89580009271061,
  28729.085735721942674, 5226.495278852854561,
];
const middleTop = [
  1.42343711074968357734, 4.6303378461565452959, 5.7694972214606914055, 3.64784832476320460504, 1.27045825245236838258,
  0.24178072517745061177, 0.0227238449892691845833, 7.7454501427834140764e-4,
];
const middleBottom = [
  1, 2.05319162663775882187, 1.6763848301838038494, 0.68976733498510000455, 0.14810397642748007459,
  0.0151986665636164571966, 5.475938084995344946e-4, 1.05075007164441684324e-9,
];
const tailTop = [
  6.6579046435011037772, 5.4637849111641143699, 1.7848265399172913358, 0.29656057182850489123, 0.026532189526576123093,
  0.0012426609473880784386, 2.71155556874348757815e-5, 2.01033439929228813265e-7,
];
const tailBottom = [
  1, 0.59983220655588793769, 0.13692988092273580531, 0.0148753612908506148525, 7.868691311456132591e-4,
  1.8463183175100546818e-5, 1.4215117583164458887e-7, 2.04426310338993978564e-15,
];

const polynomial = (coefficients: readonly number[], x: Scalar): Operand =>
  coefficients.reduceRight<Operand>(
    (value, c) => (value === 0 ? c : operation(s.add, operation(s.mul, value, x), c)),
    0,
  );

const quotient = (top: readonly number[], bottom: readonly number[], x: Scalar): Scalar =>
  operation(s.div, polynomial(top, x), polynomial(bottom, x));

function quantile(p: Scalar): Scalar {
  const centred = operation(s.sub, p, 0.5);
  const central = operation(
    s.mul,
    centred,
    quotient(centralTop, centralBottom, operation(s.sub, 0.180625, operation(s.mul, centred, centred))),
  );
  const below = operation(s.less, centred, 0);
  const tail = operation(s.select, below, p, operation(s.sub, 1, p));
  const r = operation(s.sqrt, operation(s.neg, operation(s.log, tail)));
  // Where the tail is empty, r is infinite and so is the result; the quotient would not be a number.
  const far = operation(
    s.select,
    operation(s.equal, tail, 0),
    Number.POSITIVE_INFINITY,
    quotient(tailTop, tailBottom, operation(s.sub, r, 5)),
  );
  const size = operation(
    s.select,
    operation(s.lessEqual, r, 5),
    quotient(middleTop, middleBottom, operation(s.sub, r, 1.6)),
    far,
  );
  const outer = operation(s.select, below, operation(s.neg, size), size);
  return operation(s.select, operation(s.lessEqual, operation(s.abs, centred), 0.425), central, outer);
}

/**
 * The quantile of the standard normal distribution: the x with Φ(x) = p. −∞ at 0, ∞ at 1, not a number outside [0, 1].
 * @example normalQuantile(tensor([0.5, 0.975]))
 */
export const normalQuantile: Unary = /* @__PURE__ */ unary("normalQuantile", {
  body: quantile,
  // 1/φ(x) = √(2π)·exp(x²/2)
  partials: [({ output }) => mul(Math.sqrt(2 * Math.PI), exp(mul(0.5, square(output))))],
  dtype: ([a]) => floating(a),
  domains: [{ from: 0.02, to: 0.98, kinks: [0.075, 0.925] }],
});
