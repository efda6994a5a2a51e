import { type Unary, unary } from "../forms/map.js";
import * as s from "../scalar/instructions.js";
import { operation } from "../scalar/scalar.js";

// Locally constant: every derivative is zero.

/** @example floor(tensor([1.5, -1.5])) */
export const floor: Unary = /* @__PURE__ */ unary("floor", {
  body: (x) => operation(s.floor, x),
  partials: "zero",
  domains: [{ kinks: [-2, -1, 0, 1, 2] }],
});

/** @example ceil(tensor([1.5, -1.5])) */
export const ceil: Unary = /* @__PURE__ */ unary("ceil", {
  body: (x) => operation(s.ceil, x),
  partials: "zero",
  domains: [{ kinks: [-2, -1, 0, 1, 2] }],
});

/** To the nearest whole number, halves to the even one. @example round(tensor([0.5, 1.5, -1.7])) */
export const round: Unary = /* @__PURE__ */ unary("round", {
  body: (x) => operation(s.round, x),
  partials: "zero",
  domains: [{ kinks: [-1.5, -0.5, 0.5, 1.5] }],
});
