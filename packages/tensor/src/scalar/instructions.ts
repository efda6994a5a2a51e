import { erf as erfOf, gelu as geluOf, power, sigmoid as sigmoidOf, softplus as softplusOf } from "../special.js";
import { erfRoutine, geluRoutine } from "../wasm/math/errorFunction.js";
import { expm1Routine, expRoutine } from "../wasm/math/exponential.js";
import { coshRoutine, sinhRoutine, tanhRoutine } from "../wasm/math/hyperbolic.js";
import { acosRoutine, asinRoutine, atan2Routine, atanRoutine } from "../wasm/math/inverse.js";
import { log1pRoutine, logRoutine } from "../wasm/math/logarithm.js";
import { sigmoidRoutine, softplusRoutine } from "../wasm/math/logistic.js";
import { powRoutine, rsqrtRoutine } from "../wasm/math/power.js";
import { cosRoutine, sinRoutine, tanRoutine } from "../wasm/math/trigonometric.js";
import type { Instruction } from "./scalar.js";

// Every instruction has a loop of its own: one shared loop that calls a function would be compiled for all of them, and
// run several times slower. For the same reason the cheapest have a second loop that only ever sees float32.
// Each is an export of its own, so that a bundle holds only those that are used.

export const add: Instruction = {
  name: "add",
  arity: 2,
  result: "as arguments",
  loop: (out, n, a, b) => {
    for (let i = 0; i < n; i++) out[i] = a[i] + b[i];
  },
  integerLoop: (out, n, a, b) => {
    for (let i = 0; i < n; i++) out[i] = (a[i] + b[i]) | 0;
  },
  float32Loop: (out, n, a, b) => {
    for (let i = 0; i < n; i++) out[i] = a[i] + b[i];
  },
};

export const sub: Instruction = {
  name: "sub",
  arity: 2,
  result: "as arguments",
  loop: (out, n, a, b) => {
    for (let i = 0; i < n; i++) out[i] = a[i] - b[i];
  },
  integerLoop: (out, n, a, b) => {
    for (let i = 0; i < n; i++) out[i] = (a[i] - b[i]) | 0;
  },
  float32Loop: (out, n, a, b) => {
    for (let i = 0; i < n; i++) out[i] = a[i] - b[i];
  },
};

export const mul: Instruction = {
  name: "mul",
  arity: 2,
  result: "as arguments",
  loop: (out, n, a, b) => {
    for (let i = 0; i < n; i++) out[i] = a[i] * b[i];
  },
  integerLoop: (out, n, a, b) => {
    for (let i = 0; i < n; i++) out[i] = Math.imul(a[i], b[i]);
  },
  float32Loop: (out, n, a, b) => {
    for (let i = 0; i < n; i++) out[i] = a[i] * b[i];
  },
};

export const div: Instruction = {
  name: "div",
  arity: 2,
  result: "float",
  loop: (out, n, a, b) => {
    for (let i = 0; i < n; i++) out[i] = a[i] / b[i];
  },
  float32Loop: (out, n, a, b) => {
    for (let i = 0; i < n; i++) out[i] = a[i] / b[i];
  },
};

export const neg: Instruction = {
  name: "neg",
  arity: 1,
  result: "as arguments",
  loop: (out, n, a) => {
    for (let i = 0; i < n; i++) out[i] = -a[i];
  },
  integerLoop: (out, n, a) => {
    for (let i = 0; i < n; i++) out[i] = -a[i] | 0;
  },
  float32Loop: (out, n, a) => {
    for (let i = 0; i < n; i++) out[i] = -a[i];
  },
};

export const abs: Instruction = {
  name: "abs",
  arity: 1,
  result: "as arguments",
  loop: (out, n, a) => {
    for (let i = 0; i < n; i++) out[i] = Math.abs(a[i]);
  },
  integerLoop: (out, n, a) => {
    for (let i = 0; i < n; i++) out[i] = Math.abs(a[i]) | 0;
  },
  float32Loop: (out, n, a) => {
    for (let i = 0; i < n; i++) out[i] = Math.abs(a[i]);
  },
};

export const sign: Instruction = {
  name: "sign",
  arity: 1,
  result: "as arguments",
  loop: (out, n, a) => {
    for (let i = 0; i < n; i++) out[i] = Math.sign(a[i]);
  },
};

export const sqrt: Instruction = {
  name: "sqrt",
  arity: 1,
  result: "float",
  loop: (out, n, a) => {
    for (let i = 0; i < n; i++) out[i] = Math.sqrt(a[i]);
  },
  float32Loop: (out, n, a) => {
    for (let i = 0; i < n; i++) out[i] = Math.sqrt(a[i]);
  },
};

export const rsqrt: Instruction = {
  name: "rsqrt",
  arity: 1,
  result: "float",
  routine: rsqrtRoutine,
  loop: (out, n, a) => {
    for (let i = 0; i < n; i++) out[i] = 1 / Math.sqrt(a[i]);
  },
};

/** Not-a-number where either is, as Math.max and WebAssembly's max. */
export const maximum: Instruction = {
  name: "maximum",
  arity: 2,
  result: "as arguments",
  loop: (out, n, a, b) => {
    for (let i = 0; i < n; i++) out[i] = Math.max(a[i], b[i]);
  },
  float32Loop: (out, n, a, b) => {
    for (let i = 0; i < n; i++) out[i] = Math.max(a[i], b[i]);
  },
};

export const minimum: Instruction = {
  name: "minimum",
  arity: 2,
  result: "as arguments",
  loop: (out, n, a, b) => {
    for (let i = 0; i < n; i++) out[i] = Math.min(a[i], b[i]);
  },
  float32Loop: (out, n, a, b) => {
    for (let i = 0; i < n; i++) out[i] = Math.min(a[i], b[i]);
  },
};

export const floor: Instruction = {
  name: "floor",
  arity: 1,
  result: "as arguments",
  loop: (out, n, a) => {
    for (let i = 0; i < n; i++) out[i] = Math.floor(a[i]);
  },
};

export const ceil: Instruction = {
  name: "ceil",
  arity: 1,
  result: "as arguments",
  loop: (out, n, a) => {
    for (let i = 0; i < n; i++) out[i] = Math.ceil(a[i]);
  },
};

export const truncate: Instruction = {
  name: "truncate",
  arity: 1,
  result: "as arguments",
  loop: (out, n, a) => {
    for (let i = 0; i < n; i++) out[i] = Math.trunc(a[i]);
  },
};

/** To the nearest whole number, halves to the even one, as IEEE 754 and NumPy. */
export const round: Instruction = {
  name: "round",
  arity: 1,
  result: "as arguments",
  loop: (out, n, a) => {
    for (let i = 0; i < n; i++) {
      const x = a[i];
      const up = Math.floor(x + 0.5);
      // Above 2^52 every number is whole, and x + 0.5 would round; −0 keeps its sign.
      if (!(Math.abs(x) < 4503599627370496)) out[i] = x;
      else if (up - x === 0.5 && up % 2 !== 0) out[i] = up - 1 === 0 && x < 0 ? -0 : up - 1;
      else out[i] = (x < 0 || Object.is(x, -0)) && up === 0 ? -0 : x === 0.49999999999999994 ? 0 : up;
    }
  },
};

export const equal: Instruction = {
  name: "equal",
  arity: 2,
  result: "integer",
  truth: true,
  loop: (out, n, a, b) => {
    for (let i = 0; i < n; i++) out[i] = a[i] === b[i] ? 1 : 0;
  },
};

export const notEqual: Instruction = {
  name: "notEqual",
  arity: 2,
  result: "integer",
  truth: true,
  loop: (out, n, a, b) => {
    for (let i = 0; i < n; i++) out[i] = a[i] !== b[i] ? 1 : 0;
  },
};

export const less: Instruction = {
  name: "less",
  arity: 2,
  result: "integer",
  truth: true,
  loop: (out, n, a, b) => {
    for (let i = 0; i < n; i++) out[i] = a[i] < b[i] ? 1 : 0;
  },
};

export const lessEqual: Instruction = {
  name: "lessEqual",
  arity: 2,
  result: "integer",
  truth: true,
  loop: (out, n, a, b) => {
    for (let i = 0; i < n; i++) out[i] = a[i] <= b[i] ? 1 : 0;
  },
};

export const logicalAnd: Instruction = {
  name: "logicalAnd",
  arity: 2,
  result: "integer",
  truth: true,
  loop: (out, n, a, b) => {
    for (let i = 0; i < n; i++) out[i] = a[i] !== 0 && b[i] !== 0 ? 1 : 0;
  },
};

export const logicalOr: Instruction = {
  name: "logicalOr",
  arity: 2,
  result: "integer",
  truth: true,
  loop: (out, n, a, b) => {
    for (let i = 0; i < n; i++) out[i] = a[i] !== 0 || b[i] !== 0 ? 1 : 0;
  },
};

export const logicalNot: Instruction = {
  name: "logicalNot",
  arity: 1,
  result: "integer",
  truth: true,
  loop: (out, n, a) => {
    for (let i = 0; i < n; i++) out[i] = a[i] === 0 ? 1 : 0;
  },
};

/** The second argument where the first is not 0, else the third. */
export const select: Instruction = {
  name: "select",
  arity: 3,
  result: "as branches",
  loop: (out, n, a, b, c) => {
    for (let i = 0; i < n; i++) out[i] = a[i] !== 0 ? b[i] : c[i];
  },
};

export const bitAnd: Instruction = {
  name: "bitAnd",
  arity: 2,
  result: "integer",
  loop: (out, n, a, b) => {
    for (let i = 0; i < n; i++) out[i] = a[i] & b[i];
  },
};

export const bitOr: Instruction = {
  name: "bitOr",
  arity: 2,
  result: "integer",
  loop: (out, n, a, b) => {
    for (let i = 0; i < n; i++) out[i] = a[i] | b[i];
  },
};

export const bitXor: Instruction = {
  name: "bitXor",
  arity: 2,
  result: "integer",
  loop: (out, n, a, b) => {
    for (let i = 0; i < n; i++) out[i] = a[i] ^ b[i];
  },
};

export const shiftLeft: Instruction = {
  name: "shiftLeft",
  arity: 2,
  result: "integer",
  loop: (out, n, a, b) => {
    for (let i = 0; i < n; i++) out[i] = a[i] << b[i];
  },
};

/** Without sign: zeros come in from the left. */
export const shiftRight: Instruction = {
  name: "shiftRight",
  arity: 2,
  result: "integer",
  loop: (out, n, a, b) => {
    for (let i = 0; i < n; i++) out[i] = (a[i] >>> b[i]) | 0;
  },
};

/** A whole number as a real one. */
export const toFloat: Instruction = {
  name: "toFloat",
  arity: 1,
  result: "float",
  loop: (out, n, a) => {
    for (let i = 0; i < n; i++) out[i] = a[i];
  },
};

/** A number as float32 has it. */
export const toFloat32: Instruction = {
  name: "toFloat32",
  arity: 1,
  result: "float",
  loop: (out, n, a) => {
    for (let i = 0; i < n; i++) out[i] = Math.fround(a[i]);
  },
};

/** The whole part of a real number, modulo 2³². */
export const toInteger: Instruction = {
  name: "toInteger",
  arity: 1,
  result: "integer",
  loop: (out, n, a) => {
    for (let i = 0; i < n; i++) out[i] = a[i] | 0;
  },
};

export const exp: Instruction = {
  name: "exp",
  arity: 1,
  result: "float",
  routine: expRoutine,
  loop: (out, n, a) => {
    for (let i = 0; i < n; i++) out[i] = Math.exp(a[i]);
  },
};

export const expm1: Instruction = {
  name: "expm1",
  arity: 1,
  result: "float",
  routine: expm1Routine,
  loop: (out, n, a) => {
    for (let i = 0; i < n; i++) out[i] = Math.expm1(a[i]);
  },
};

export const log: Instruction = {
  name: "log",
  arity: 1,
  result: "float",
  routine: logRoutine,
  loop: (out, n, a) => {
    for (let i = 0; i < n; i++) out[i] = Math.log(a[i]);
  },
};

export const log1p: Instruction = {
  name: "log1p",
  arity: 1,
  result: "float",
  routine: log1pRoutine,
  loop: (out, n, a) => {
    for (let i = 0; i < n; i++) out[i] = Math.log1p(a[i]);
  },
};

export const sin: Instruction = {
  name: "sin",
  arity: 1,
  result: "float",
  routine: sinRoutine,
  loop: (out, n, a) => {
    for (let i = 0; i < n; i++) out[i] = Math.sin(a[i]);
  },
};

export const cos: Instruction = {
  name: "cos",
  arity: 1,
  result: "float",
  routine: cosRoutine,
  loop: (out, n, a) => {
    for (let i = 0; i < n; i++) out[i] = Math.cos(a[i]);
  },
};

export const tan: Instruction = {
  name: "tan",
  arity: 1,
  result: "float",
  routine: tanRoutine,
  loop: (out, n, a) => {
    for (let i = 0; i < n; i++) out[i] = Math.tan(a[i]);
  },
};

export const asin: Instruction = {
  name: "asin",
  arity: 1,
  result: "float",
  routine: asinRoutine,
  loop: (out, n, a) => {
    for (let i = 0; i < n; i++) out[i] = Math.asin(a[i]);
  },
};

export const acos: Instruction = {
  name: "acos",
  arity: 1,
  result: "float",
  routine: acosRoutine,
  loop: (out, n, a) => {
    for (let i = 0; i < n; i++) out[i] = Math.acos(a[i]);
  },
};

export const atan: Instruction = {
  name: "atan",
  arity: 1,
  result: "float",
  routine: atanRoutine,
  loop: (out, n, a) => {
    for (let i = 0; i < n; i++) out[i] = Math.atan(a[i]);
  },
};

export const sinh: Instruction = {
  name: "sinh",
  arity: 1,
  result: "float",
  routine: sinhRoutine,
  loop: (out, n, a) => {
    for (let i = 0; i < n; i++) out[i] = Math.sinh(a[i]);
  },
};

export const cosh: Instruction = {
  name: "cosh",
  arity: 1,
  result: "float",
  routine: coshRoutine,
  loop: (out, n, a) => {
    for (let i = 0; i < n; i++) out[i] = Math.cosh(a[i]);
  },
};

export const tanh: Instruction = {
  name: "tanh",
  arity: 1,
  result: "float",
  routine: tanhRoutine,
  loop: (out, n, a) => {
    for (let i = 0; i < n; i++) out[i] = Math.tanh(a[i]);
  },
};

export const erf: Instruction = {
  name: "erf",
  arity: 1,
  result: "float",
  routine: erfRoutine,
  loop: (out, n, a) => {
    for (let i = 0; i < n; i++) out[i] = erfOf(a[i]);
  },
};

export const sigmoid: Instruction = {
  name: "sigmoid",
  arity: 1,
  result: "float",
  routine: sigmoidRoutine,
  loop: (out, n, a) => {
    for (let i = 0; i < n; i++) out[i] = sigmoidOf(a[i]);
  },
};

export const softplus: Instruction = {
  name: "softplus",
  arity: 1,
  result: "float",
  routine: softplusRoutine,
  loop: (out, n, a) => {
    for (let i = 0; i < n; i++) out[i] = softplusOf(a[i]);
  },
};

export const gelu: Instruction = {
  name: "gelu",
  arity: 1,
  result: "float",
  routine: geluRoutine,
  loop: (out, n, a) => {
    for (let i = 0; i < n; i++) out[i] = geluOf(a[i]);
  },
};

export const atan2: Instruction = {
  name: "atan2",
  arity: 2,
  result: "float",
  routine: atan2Routine,
  loop: (out, n, a, b) => {
    for (let i = 0; i < n; i++) out[i] = Math.atan2(a[i], b[i]);
  },
};

export const pow: Instruction = {
  name: "pow",
  arity: 2,
  result: "float",
  routine: powRoutine,
  loop: (out, n, a, b) => {
    for (let i = 0; i < n; i++) out[i] = power(a[i], b[i]);
  },
};
