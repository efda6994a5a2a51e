import { floating } from "../dtype.js";
import { type Unary, unary } from "../forms/map.js";
import { mul, square } from "../primitives/arithmetic.js";
import { exp } from "../primitives/exponential.js";
import * as s from "../scalar/instructions.js";
import { type Operand, operation, type Scalar } from "../scalar/scalar.js";

// M. J. Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Applied Statistics 37 (1988),
// routine PPND16: relative error about 1e-16. Three quotients of polynomials, lowest power first.

const centralTop = [
  3.3871328727963665, 133.14166789178438, 1971.5909503065513, 13731.69376550946, 45921.95393154987, 67265.7709270087,
  33430.57558358813, 2509.0809287301227,
];
const centralBottom = [
  1, 42.31333070160091, 687.1870074920579, 5394.196021424751, 21213.794301586597, 39307.89580009271, 28729.085735721943,
  5226.495278852854,
];
const middleTop = [
  1.4234371107496835, 4.630337846156546, 5.769497221460691, 3.6478483247632045, 1.2704582524523684, 0.2417807251774506,
  0.022723844989269184, 0.0007745450142783414,
];
const middleBottom = [
  1, 2.053191626637759, 1.6763848301838038, 0.6897673349851, 0.14810397642748008, 0.015198666563616457,
  0.0005475938084995345, 1.0507500716444169e-9,
];
const tailTop = [
  6.657904643501103, 5.463784911164114, 1.7848265399172913, 0.29656057182850487, 0.026532189526576124,
  0.0012426609473880784, 0.000027115555687434876, 2.0103343992922881e-7,
];
const tailBottom = [
  1, 0.599832206555888, 0.1369298809227358, 0.014875361290850615, 0.0007868691311456133, 0.000018463183175100548,
  1.421511758316446e-7, 2.0442631033899397e-15,
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
