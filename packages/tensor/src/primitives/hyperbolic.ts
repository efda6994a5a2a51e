import { floating } from "../dtype.js";
import { type Unary, unary } from "../forms/map.js";
import * as s from "../scalar/instructions.js";
import { operation } from "../scalar/scalar.js";
import { square, sub } from "./arithmetic.js";

/** @example sinh(tensor([0, 1])) */
export const sinh: Unary = /* @__PURE__ */ unary("sinh", {
  body: (x) => operation(s.sinh, x),
  partials: [({ inputs: [x] }) => cosh(x)],
  dtype: ([a]) => floating(a),
});

/** @example cosh(tensor([0, 1])) */
export const cosh: Unary = /* @__PURE__ */ unary("cosh", {
  body: (x) => operation(s.cosh, x),
  partials: [({ inputs: [x] }) => sinh(x)],
  dtype: ([a]) => floating(a),
});

/** @example tanh(tensor([0, 1])) */
export const tanh: Unary = /* @__PURE__ */ unary("tanh", {
  body: (x) => operation(s.tanh, x),
  partials: [({ output }) => sub(1, square(output))],
  dtype: ([a]) => floating(a),
});
