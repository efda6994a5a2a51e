import { floating, promote } from "../dtype.js";
import { type Binary, binary, type Unary, unary } from "../forms/map.js";
import * as s from "../scalar/instructions.js";
import { operation } from "../scalar/scalar.js";
import { equal, logicalAnd, where } from "./comparison.js";
import { log } from "./exponential.js";

/** Elementwise sum, broadcast. @example add(tensor([1, 2]), 3) */
export const add: Binary = /* @__PURE__ */ binary("add", { body: (x, y) => operation(s.add, x, y), partials: [1, 1] });

/** Elementwise difference, broadcast. @example sub(tensor([1, 2]), 3) */
export const sub: Binary = /* @__PURE__ */ binary("sub", { body: (x, y) => operation(s.sub, x, y), partials: [1, -1] });

/** Elementwise product, broadcast. Integers wrap at 32 bits. @example mul(tensor([1, 2]), 3) */
export const mul: Binary = /* @__PURE__ */ binary("mul", {
  body: (x, y) => operation(s.mul, x, y),
  partials: [({ inputs: [, y] }) => y, ({ inputs: [x] }) => x],
});

/** Elementwise quotient, broadcast; integers give float32. @example div(tensor([1, 2]), 4) */
export const div: Binary = /* @__PURE__ */ binary("div", {
  body: (x, y) => operation(s.div, x, y),
  partials: [({ inputs: [, y] }) => div(1, y), ({ inputs: [, y], output }) => neg(div(output, y))],
  dtype: ([a, b]) => floating(promote(a, b)),
  domains: [{}, { from: 0.5, to: 2 }],
});

/**
 * `x` to the power `y`, broadcast, after IEEE 754: 0⁰ = 1, a negative `x` with a fractional `y` is not a number.
 * @example pow(tensor([1, 2, 3]), 2)
 */
export const pow: Binary = /* @__PURE__ */ binary("pow", {
  body: (x, y) => operation(s.pow, x, y),
  partials: [
    // y·x^(y−1); where both are 0, 0·0^(−1) would not be a number. Elsewhere y = 0 is nothing special: ∂²/∂x∂y = 1/x.
    ({ inputs: [x, y] }) => mul(y, pow(where(logicalAnd(equal(x, 0), equal(y, 0)), 1, x), sub(y, 1))),
    // x^y·log x tends to 0 as x does, for y > 0.
    ({ inputs: [x], output }) => mul(output, log(where(equal(x, 0), 1, x))),
  ],
  dtype: ([a, b]) => floating(promote(a, b)),
  domains: [{ from: 0.5, to: 2 }, {}],
});

/** @example neg(tensor([1, -2])) */
export const neg: Unary = /* @__PURE__ */ unary("neg", { body: (x) => operation(s.neg, x), partials: [-1] });

/** Absolute value; its derivative at 0 is 0. @example abs(tensor([1, -2])) */
export const abs: Unary = /* @__PURE__ */ unary("abs", {
  body: (x) => operation(s.abs, x),
  partials: [({ inputs: [x] }) => sign(x)],
  domains: [{ kinks: [0] }],
});

/** −1, 0 or 1. @example sign(tensor([3, 0, -2])) */
export const sign: Unary = /* @__PURE__ */ unary("sign", {
  body: (x) => operation(s.sign, x),
  partials: "zero",
  domains: [{ kinks: [0] }],
});

/** @example sqrt(tensor([1, 4, 9])) */
export const sqrt: Unary = /* @__PURE__ */ unary("sqrt", {
  body: (x) => operation(s.sqrt, x),
  partials: [({ output }) => div(0.5, output)],
  dtype: ([a]) => floating(a),
  domains: [{ from: 0.25, to: 4 }],
});

/** 1/√x. @example rsqrt(tensor([1, 4, 16])) */
export const rsqrt: Unary = /* @__PURE__ */ unary("rsqrt", {
  body: (x) => operation(s.rsqrt, x),
  partials: [({ inputs: [x], output }) => mul(-0.5, div(output, x))],
  dtype: ([a]) => floating(a),
  domains: [{ from: 0.25, to: 4 }],
});

/** x². @example square(tensor([1, 2, 3])) */
export const square: Unary = /* @__PURE__ */ unary("square", {
  body: (x) => operation(s.mul, x, x),
  partials: [({ inputs: [x] }) => mul(2, x)],
});
