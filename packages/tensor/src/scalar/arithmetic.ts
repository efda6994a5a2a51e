import type { Instruction } from "./scalar.js";

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
  lanes: 0xe4,
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
  lanes: 0xe5,
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
  lanes: 0xe6,
};

export const div: Instruction = {
  name: "div",
  arity: 2,
  result: "float",
  loop: (out, n, a, b) => {
    for (let i = 0; i < n; i++) out[i] = a[i] / b[i];
  },
  lanes: 0xe7,
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
  lanes: 0xe1,
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
  lanes: 0xe0,
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
  lanes: 0xe3,
};

export const rsqrt: Instruction = {
  name: "rsqrt",
  arity: 1,
  result: "float",
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
  lanes: 0xe9,
};

export const minimum: Instruction = {
  name: "minimum",
  arity: 2,
  result: "as arguments",
  loop: (out, n, a, b) => {
    for (let i = 0; i < n; i++) out[i] = Math.min(a[i], b[i]);
  },
  lanes: 0xe8,
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
