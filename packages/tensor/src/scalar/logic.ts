import type { Instruction } from "./scalar.js";

// Truths are converted and choices looked up: on values in no order a processor would guess every second branch wrong.

export const equal: Instruction = {
  name: "equal",
  arity: 2,
  result: "integer",
  truth: true,
  loop: (out, n, a, b) => {
    for (let i = 0; i < n; i++) out[i] = Number(a[i] === b[i]);
  },
};

export const notEqual: Instruction = {
  name: "notEqual",
  arity: 2,
  result: "integer",
  truth: true,
  loop: (out, n, a, b) => {
    for (let i = 0; i < n; i++) out[i] = Number(a[i] !== b[i]);
  },
};

export const less: Instruction = {
  name: "less",
  arity: 2,
  result: "integer",
  truth: true,
  loop: (out, n, a, b) => {
    for (let i = 0; i < n; i++) out[i] = Number(a[i] < b[i]);
  },
};

export const lessEqual: Instruction = {
  name: "lessEqual",
  arity: 2,
  result: "integer",
  truth: true,
  loop: (out, n, a, b) => {
    for (let i = 0; i < n; i++) out[i] = Number(a[i] <= b[i]);
  },
};

export const logicalAnd: Instruction = {
  name: "logicalAnd",
  arity: 2,
  result: "integer",
  truth: true,
  loop: (out, n, a, b) => {
    for (let i = 0; i < n; i++) out[i] = Number(a[i] !== 0) & Number(b[i] !== 0);
  },
};

export const logicalOr: Instruction = {
  name: "logicalOr",
  arity: 2,
  result: "integer",
  truth: true,
  loop: (out, n, a, b) => {
    for (let i = 0; i < n; i++) out[i] = Number(a[i] !== 0) | Number(b[i] !== 0);
  },
};

export const logicalNot: Instruction = {
  name: "logicalNot",
  arity: 1,
  result: "integer",
  truth: true,
  loop: (out, n, a) => {
    for (let i = 0; i < n; i++) out[i] = Number(a[i] === 0);
  },
};

const choice = /* @__PURE__ */ new Float64Array(2);

/** The second argument where the first is not 0, else the third. */
export const select: Instruction = {
  name: "select",
  arity: 3,
  result: "as branches",
  loop: (out, n, a, b, c) => {
    for (let i = 0; i < n; i++) {
      choice[0] = c[i];
      choice[1] = b[i];
      out[i] = choice[Number(a[i] !== 0)];
    }
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

/** The whole part of a real number, modulo 2³². */
export const toInteger: Instruction = {
  name: "toInteger",
  arity: 1,
  result: "integer",
  loop: (out, n, a) => {
    for (let i = 0; i < n; i++) out[i] = a[i] | 0;
  },
};
