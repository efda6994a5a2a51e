import type { TensorLike } from "../create.js";
import { floating } from "../dtype.js";
import { type Unary, unary } from "../forms/map.js";
import { operand } from "../forms/operands.js";
import * as s from "../scalar/instructions.js";
import { operation } from "../scalar/scalar.js";
import type { Tensor } from "../tensor.js";
import { add, mul, square, sub } from "./arithmetic.js";
import { greater, minimum, where } from "./comparison.js";
import { exp, expm1 } from "./exponential.js";

/** 1/(1 + e^−x). @example sigmoid(tensor([0, 1])) */
export const sigmoid: Unary = /* @__PURE__ */ unary("sigmoid", {
  body: (x) => operation(s.sigmoid, x),
  partials: [({ output }) => mul(output, sub(1, output))],
  dtype: ([a]) => floating(a),
});

/** log(1 + e^x), without overflow. @example softplus(tensor([0, 1])) */
export const softplus: Unary = /* @__PURE__ */ unary("softplus", {
  body: (x) => operation(s.softplus, x),
  partials: [({ inputs: [x] }) => sigmoid(x)],
  dtype: ([a]) => floating(a),
});

/** max(x, 0); its derivative at 0 is 0. @example relu(tensor([-1, 2])) */
export const relu: Unary = /* @__PURE__ */ unary("relu", {
  body: (x) => operation(s.maximum, x, 0),
  partials: [({ inputs: [x] }) => greater(x, 0)],
  domains: [{ kinks: [0] }],
});

/** x·sigmoid(x). @example silu(tensor([-1, 2])) */
export const silu: Unary = /* @__PURE__ */ unary("silu", {
  body: (x) => operation(s.mul, x, operation(s.sigmoid, x)),
  partials: [
    ({ inputs: [x] }) => {
      const gate = sigmoid(x);
      return mul(gate, add(1, mul(x, sub(1, gate))));
    },
  ],
  dtype: ([a]) => floating(a),
});

/** The error function. @example erf(tensor([0, 1])) */
export const erf: Unary = /* @__PURE__ */ unary("erf", {
  body: (x) => operation(s.erf, x),
  partials: [({ inputs: [x] }) => mul(2 / Math.sqrt(Math.PI), exp(mul(-1, square(x))))],
  dtype: ([a]) => floating(a),
});

/** x·Φ(x) with the normal distribution's Φ (Hendrycks & Gimpel, 2016), not its tanh approximation. @example gelu(tensor([-1, 2])) */
export const gelu: Unary = /* @__PURE__ */ unary("gelu", {
  body: (x) => operation(s.gelu, x),
  partials: [
    // Φ(x) + x·φ(x)
    ({ inputs: [x] }) =>
      add(
        mul(0.5, add(1, erf(mul(x, Math.SQRT1_2)))),
        mul(x, mul(1 / Math.sqrt(2 * Math.PI), exp(mul(-0.5, square(x))))),
      ),
  ],
  dtype: ([a]) => floating(a),
});

/** x where positive, else `slope`·x. @example leakyRelu(tensor([-1, 2]), 0.1) */
export function leakyRelu(x: TensorLike, slope = 0.01): Tensor {
  const own = operand("leakyRelu", x);
  return where(greater(own, 0), own, mul(own, slope));
}

/** x where positive, else α·(e^x − 1) (Clevert et al., 2015). @example elu(tensor([-1, 2])) */
export function elu(x: TensorLike, alpha = 1): Tensor {
  const own = operand("elu", x);
  // The minimum keeps e^x from overflowing in the branch that is not taken.
  return where(greater(own, 0), own, mul(alpha, expm1(minimum(own, 0))));
}
