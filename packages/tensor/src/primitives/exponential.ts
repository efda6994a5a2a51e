import { floating } from "../dtype.js";
import { type Unary, unary } from "../forms/map.js";
import * as s from "../scalar/instructions.js";
import { operation } from "../scalar/scalar.js";
import { add, div } from "./arithmetic.js";

/** @example exp(tensor([0, 1])) */
export const exp: Unary = /* @__PURE__ */ unary("exp", {
  body: (x) => operation(s.exp, x),
  partials: [({ output }) => output],
  dtype: ([a]) => floating(a),
});

/** exp(x) − 1, exact near 0. @example expm1(tensor([1e-9])) */
export const expm1: Unary = /* @__PURE__ */ unary("expm1", {
  body: (x) => operation(s.expm1, x),
  partials: [({ output }) => add(output, 1)],
  dtype: ([a]) => floating(a),
});

/** Natural logarithm. @example log(tensor([1, 2])) */
export const log: Unary = /* @__PURE__ */ unary("log", {
  body: (x) => operation(s.log, x),
  partials: [({ inputs: [x] }) => div(1, x)],
  dtype: ([a]) => floating(a),
  domains: [{ from: 0.25, to: 4 }],
});

/** log(1 + x), exact near 0. @example log1p(tensor([1e-9])) */
export const log1p: Unary = /* @__PURE__ */ unary("log1p", {
  body: (x) => operation(s.log1p, x),
  partials: [({ inputs: [x] }) => div(1, add(x, 1))],
  dtype: ([a]) => floating(a),
  domains: [{ from: -0.5, to: 4 }],
});
