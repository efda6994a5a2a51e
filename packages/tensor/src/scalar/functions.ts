import { erf as erfOf, gelu as geluOf, power, sigmoid as sigmoidOf, softplus as softplusOf } from "../special.js";
import { expFloat32, sigmoidFloat32, tanhFloat32 } from "../wasm/eagerExponential.js";
import type { Instruction } from "./scalar.js";

/** A number as float32 has it. */
export const toFloat32: Instruction = {
  name: "toFloat32",
  arity: 1,
  result: "float",
  loop: (out, n, a) => {
    for (let i = 0; i < n; i++) out[i] = Math.fround(a[i]);
  },
};

export const exp: Instruction = {
  name: "exp",
  arity: 1,
  result: "float",
  loop: (out, n, a) => {
    for (let i = 0; i < n; i++) out[i] = Math.exp(a[i]);
  },
  lanes: expFloat32,
};

export const expm1: Instruction = {
  name: "expm1",
  arity: 1,
  result: "float",
  loop: (out, n, a) => {
    for (let i = 0; i < n; i++) out[i] = Math.expm1(a[i]);
  },
};

export const log: Instruction = {
  name: "log",
  arity: 1,
  result: "float",
  loop: (out, n, a) => {
    for (let i = 0; i < n; i++) out[i] = Math.log(a[i]);
  },
};

export const log1p: Instruction = {
  name: "log1p",
  arity: 1,
  result: "float",
  loop: (out, n, a) => {
    for (let i = 0; i < n; i++) out[i] = Math.log1p(a[i]);
  },
};

export const sin: Instruction = {
  name: "sin",
  arity: 1,
  result: "float",
  loop: (out, n, a) => {
    for (let i = 0; i < n; i++) out[i] = Math.sin(a[i]);
  },
};

export const cos: Instruction = {
  name: "cos",
  arity: 1,
  result: "float",
  loop: (out, n, a) => {
    for (let i = 0; i < n; i++) out[i] = Math.cos(a[i]);
  },
};

export const tan: Instruction = {
  name: "tan",
  arity: 1,
  result: "float",
  loop: (out, n, a) => {
    for (let i = 0; i < n; i++) out[i] = Math.tan(a[i]);
  },
};

export const asin: Instruction = {
  name: "asin",
  arity: 1,
  result: "float",
  loop: (out, n, a) => {
    for (let i = 0; i < n; i++) out[i] = Math.asin(a[i]);
  },
};

export const acos: Instruction = {
  name: "acos",
  arity: 1,
  result: "float",
  loop: (out, n, a) => {
    for (let i = 0; i < n; i++) out[i] = Math.acos(a[i]);
  },
};

export const atan: Instruction = {
  name: "atan",
  arity: 1,
  result: "float",
  loop: (out, n, a) => {
    for (let i = 0; i < n; i++) out[i] = Math.atan(a[i]);
  },
};

export const sinh: Instruction = {
  name: "sinh",
  arity: 1,
  result: "float",
  loop: (out, n, a) => {
    for (let i = 0; i < n; i++) out[i] = Math.sinh(a[i]);
  },
};

export const cosh: Instruction = {
  name: "cosh",
  arity: 1,
  result: "float",
  loop: (out, n, a) => {
    for (let i = 0; i < n; i++) out[i] = Math.cosh(a[i]);
  },
};

export const tanh: Instruction = {
  name: "tanh",
  arity: 1,
  result: "float",
  loop: (out, n, a) => {
    for (let i = 0; i < n; i++) out[i] = Math.tanh(a[i]);
  },
  lanes: tanhFloat32,
};

export const erf: Instruction = {
  name: "erf",
  arity: 1,
  result: "float",
  loop: (out, n, a) => {
    for (let i = 0; i < n; i++) out[i] = erfOf(a[i]);
  },
};

export const sigmoid: Instruction = {
  name: "sigmoid",
  arity: 1,
  result: "float",
  loop: (out, n, a) => {
    for (let i = 0; i < n; i++) out[i] = sigmoidOf(a[i]);
  },
  lanes: sigmoidFloat32,
};

export const softplus: Instruction = {
  name: "softplus",
  arity: 1,
  result: "float",
  loop: (out, n, a) => {
    for (let i = 0; i < n; i++) out[i] = softplusOf(a[i]);
  },
};

export const gelu: Instruction = {
  name: "gelu",
  arity: 1,
  result: "float",
  loop: (out, n, a) => {
    for (let i = 0; i < n; i++) out[i] = geluOf(a[i]);
  },
};

export const atan2: Instruction = {
  name: "atan2",
  arity: 2,
  result: "float",
  loop: (out, n, a, b) => {
    for (let i = 0; i < n; i++) out[i] = Math.atan2(a[i], b[i]);
  },
};

export const pow: Instruction = {
  name: "pow",
  arity: 2,
  result: "float",
  loop: (out, n, a, b) => {
    for (let i = 0; i < n; i++) out[i] = power(a[i], b[i]);
  },
};
