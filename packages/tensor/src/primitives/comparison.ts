import type { TensorLike } from "../create.js";
import { promote } from "../dtype.js";
import { type Binary, binary, type Ternary, ternary, type Unary, unary } from "../forms/map.js";
import * as s from "../scalar/instructions.js";
import { operation } from "../scalar/scalar.js";
import type { Tensor } from "../tensor.js";
import { add, mul } from "./arithmetic.js";

// Comparisons and logic give 0 or 1 as uint8; a comparison with not-a-number is 0, but for notEqual.

/** @example equal(tensor([1, 2]), 2) */
export const equal: Binary = /* @__PURE__ */ binary("equal", {
  body: (x, y) => operation(s.equal, x, y),
  partials: "zero",
  dtype: () => "uint8",
  domains: [{ kind: "integer" }],
});

/** @example notEqual(tensor([1, 2]), 2) */
export const notEqual: Binary = /* @__PURE__ */ binary("notEqual", {
  body: (x, y) => operation(s.notEqual, x, y),
  partials: "zero",
  dtype: () => "uint8",
  domains: [{ kind: "integer" }],
});

/** @example less(tensor([1, 2]), 2) */
export const less: Binary = /* @__PURE__ */ binary("less", {
  body: (x, y) => operation(s.less, x, y),
  partials: "zero",
  dtype: () => "uint8",
  domains: [{ kind: "integer" }],
});

/** @example lessEqual(tensor([1, 2]), 2) */
export const lessEqual: Binary = /* @__PURE__ */ binary("lessEqual", {
  body: (x, y) => operation(s.lessEqual, x, y),
  partials: "zero",
  dtype: () => "uint8",
  domains: [{ kind: "integer" }],
});

/** @example greater(tensor([1, 2]), 1) */
export const greater: Binary = /* @__PURE__ */ binary("greater", {
  body: (x, y) => operation(s.less, y, x),
  partials: "zero",
  dtype: () => "uint8",
  domains: [{ kind: "integer" }],
});

/** @example greaterEqual(tensor([1, 2]), 2) */
export const greaterEqual: Binary = /* @__PURE__ */ binary("greaterEqual", {
  body: (x, y) => operation(s.lessEqual, y, x),
  partials: "zero",
  dtype: () => "uint8",
  domains: [{ kind: "integer" }],
});

/** Whatever is not 0 is true. @example logicalAnd(tensor([0, 1]), tensor([1, 1])) */
export const logicalAnd: Binary = /* @__PURE__ */ binary("logicalAnd", {
  body: (x, y) => operation(s.logicalAnd, x, y),
  partials: "zero",
  dtype: () => "uint8",
  domains: [{ kind: "boolean" }],
});

/** @example logicalOr(tensor([0, 1]), tensor([0, 0])) */
export const logicalOr: Binary = /* @__PURE__ */ binary("logicalOr", {
  body: (x, y) => operation(s.logicalOr, x, y),
  partials: "zero",
  dtype: () => "uint8",
  domains: [{ kind: "boolean" }],
});

/** @example logicalNot(tensor([0, 1])) */
export const logicalNot: Unary = /* @__PURE__ */ unary("logicalNot", {
  body: (x) => operation(s.logicalNot, x),
  partials: "zero",
  dtype: () => "uint8",
  domains: [{ kind: "boolean" }],
});

/** Whether not a number. @example isNaN(tensor([0, Number.NaN])) */
export const isNaN: Unary = /* @__PURE__ */ unary("isNaN", {
  body: (x) => operation(s.notEqual, x, x),
  partials: "zero",
  dtype: () => "uint8",
});

/** Neither infinite nor not a number. @example isFinite(tensor([0, 1 / 0])) */
export const isFinite: Unary = /* @__PURE__ */ unary("isFinite", {
  body: (x) => operation(s.equal, operation(s.sub, x, x), 0),
  partials: "zero",
  dtype: () => "uint8",
});

/** The larger of two, not a number where either is; a tie shares its derivative equally. @example maximum(tensor([1, 5]), 3) */
export const maximum: Binary = /* @__PURE__ */ binary("maximum", {
  body: (x, y) => operation(s.maximum, x, y),
  partials: [
    ({ inputs: [x, y] }) => share(greater(x, y), equal(x, y)),
    ({ inputs: [x, y] }) => share(less(x, y), equal(x, y)),
  ],
  domains: [{ kind: "distinct" }],
});

/** The smaller of two, not a number where either is; a tie shares its derivative equally. @example minimum(tensor([1, 5]), 3) */
export const minimum: Binary = /* @__PURE__ */ binary("minimum", {
  body: (x, y) => operation(s.minimum, x, y),
  partials: [
    ({ inputs: [x, y] }) => share(less(x, y), equal(x, y)),
    ({ inputs: [x, y] }) => share(greater(x, y), equal(x, y)),
  ],
  domains: [{ kind: "distinct" }],
});

/** `x` where the condition is not 0, else `y`; all three broadcast. @example where(tensor([1, 0]), tensor([1, 2]), 0) */
export const where: Ternary = /* @__PURE__ */ ternary("where", {
  body: (condition, x, y) => operation(s.select, condition, x, y),
  partials: [0, ({ inputs: [c] }) => notEqual(c, 0), ({ inputs: [c] }) => equal(c, 0)],
  dtype: ([, x, y]) => promote(x, y),
  domains: [{ kind: "boolean", dtype: "uint8" }, {}],
});

const share = (wins: Tensor, ties: Tensor): Tensor => add(wins, mul(ties, 0.5));

/** Keeps values within bounds. @example clip(tensor([-3, 0, 3]), -1, 1) */
export const clip = (x: TensorLike, low: TensorLike, high: TensorLike): Tensor => minimum(maximum(x, low), high);
