import { floating, promote } from "../dtype.js";
import { type Binary, binary, type Unary, unary } from "../forms/map.js";
import * as s from "../scalar/instructions.js";
import { operation } from "../scalar/scalar.js";
import { add, div, mul, neg, rsqrt, square, sub } from "./arithmetic.js";

/** Sine of an angle in radians. @example sin(tensor([0, 1])) */
export const sin: Unary = /* @__PURE__ */ unary("sin", {
  body: (x) => operation(s.sin, x),
  partials: [({ inputs: [x] }) => cos(x)],
  dtype: ([a]) => floating(a),
});

/** Cosine of an angle in radians. @example cos(tensor([0, 1])) */
export const cos: Unary = /* @__PURE__ */ unary("cos", {
  body: (x) => operation(s.cos, x),
  partials: [({ inputs: [x] }) => neg(sin(x))],
  dtype: ([a]) => floating(a),
});

/** Tangent of an angle in radians. @example tan(tensor([0, 1])) */
export const tan: Unary = /* @__PURE__ */ unary("tan", {
  body: (x) => operation(s.tan, x),
  partials: [({ output }) => add(1, square(output))],
  dtype: ([a]) => floating(a),
  domains: [{ from: -1.25, to: 1.25 }],
});

/** Radians, −π/2 to π/2. @example asin(tensor([0, 0.5])) */
export const asin: Unary = /* @__PURE__ */ unary("asin", {
  body: (x) => operation(s.asin, x),
  partials: [({ inputs: [x] }) => rsqrt(mul(sub(1, x), add(1, x)))],
  dtype: ([a]) => floating(a),
  domains: [{ from: -0.75, to: 0.75 }],
});

/** Radians, 0 to π. @example acos(tensor([0, 0.5])) */
export const acos: Unary = /* @__PURE__ */ unary("acos", {
  body: (x) => operation(s.acos, x),
  partials: [({ inputs: [x] }) => neg(rsqrt(mul(sub(1, x), add(1, x))))],
  dtype: ([a]) => floating(a),
  domains: [{ from: -0.75, to: 0.75 }],
});

/** Radians, −π/2 to π/2. @example atan(tensor([0, 1])) */
export const atan: Unary = /* @__PURE__ */ unary("atan", {
  body: (x) => operation(s.atan, x),
  partials: [({ inputs: [x] }) => div(1, add(1, square(x)))],
  dtype: ([a]) => floating(a),
});

/** The angle of the point (x, y), −π to π, for `atan2(y, x)`. @example atan2(tensor([1]), tensor([-1])) */
export const atan2: Binary = /* @__PURE__ */ binary("atan2", {
  body: (y, x) => operation(s.atan2, y, x),
  partials: [
    ({ inputs: [y, x] }) => div(x, add(square(x), square(y))),
    ({ inputs: [y, x] }) => neg(div(y, add(square(x), square(y)))),
  ],
  dtype: ([a, b]) => floating(promote(a, b)),
  domains: [{ from: 0.25, to: 2 }, {}],
});
