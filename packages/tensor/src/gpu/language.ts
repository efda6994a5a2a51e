import type { Instruction } from "../scalar/scalar.js";
import { erfNearZeroBrief, scaledComplementBrief } from "../wasm/math/errorFunction.js";
import { expTail } from "../wasm/math/exponential.js";
import { asinTail, atanTail } from "../wasm/math/inverse.js";
import { artanhTail } from "../wasm/math/logarithm.js";
import { cosTail, sinTail } from "../wasm/math/trigonometric.js";
import type { LibraryFunction } from "./library.js";

/**
 * Scalar bodies in the language of GPU.js's kernels: a JavaScript of numbers, which it translates to GLSL, WGSL and
 * WebAssembly. What those have to a few digits only (sine, logarithm near 1, e^x − 1 …), or not at all, is written out.
 * Values are float32, whole numbers too. What is not a number is kept where comparing is not needed to: a device may
 * take it that there is none.
 */

/** What a body's infinities are written as: an argument of the kernel, since the language has no such number. */
export const infinity = "infinity";

/** A number, as float32 has it. */
export function literal(value: number): string {
  const rounded = Math.fround(value);
  if (Number.isNaN(rounded)) return `(${infinity} - ${infinity})`;
  if (!Number.isFinite(rounded)) return rounded > 0 ? infinity : `(-${infinity})`;
  return rounded < 0 ? `(-${-rounded})` : `${rounded}`;
}

const horner = (coefficients: readonly number[], x: string): string =>
  coefficients.reduceRight((inner, c) => (inner === "" ? literal(c) : `(${literal(c)} + ${x} * ${inner})`), "");

interface Helper {
  readonly parameters: readonly string[];
  readonly body: string;
  /** Helpers that the body calls. */
  readonly uses?: readonly string[];
}

const rootHalf = literal(Math.SQRT1_2);

/** π/2 in parts of 8, 11 and 24 bits: whole multiples up to 2¹³ of the first two are exact (Cody and Waite, 1980). */
const halfPi = (() => {
  const short = (x: number, bits: number): number => {
    const unit = 2 ** (Math.floor(Math.log2(x)) + 1 - bits);
    return Math.floor(x / unit) * unit;
  };
  const first = short(Math.PI / 2, 8);
  const second = short(Math.PI / 2 - first, 11);
  return { first, second, third: Math.PI / 2 - first - second };
})();

const wave = (turn: number): string => `
  let n = Math.floor(x * ${literal(2 / Math.PI)} + 0.5);
  let r = ((x - n * ${literal(halfPi.first)}) - n * ${literal(halfPi.second)}) - n * ${literal(halfPi.third)};
  let z = r * r;
  let turned = n + ${turn};
  let quadrant = turned - 4 * Math.floor((turned + 0.5) * 0.25);
  let value = r + r * z * ${horner(sinTail.brief, "z")};
  if (quadrant === 1 || quadrant === 3) {
    value = 1 - 0.5 * z + z * z * ${horner(cosTail.brief, "z")};
  }
  if (quadrant > 1.5) {
    value = -value;
  }
  return value;`;

const helpers: Readonly<Record<string, Helper>> = /* @__PURE__ */ (() => ({
  // The quotient may be off by one where the device divides inexactly; then the rest says so.
  quotient: {
    parameters: ["a", "b"],
    body: `
  let q = Math.floor((a + 0.5) / b);
  let rest = a - q * b;
  if (rest < 0) {
    q = q - 1;
  }
  if (rest > b - 0.5) {
    q = q + 1;
  }
  return q;`,
  },
  // 2·artanh(x/(2 + x)) near 0.
  kLog1p: {
    parameters: ["x", infinity],
    body: `
  let result = x;
  if (x > -0.2928 && x < 0.4142) {
    let s = x / (2 + x);
    let z = s * s;
    result = 2 * s + s * z * ${horner(artanhTail.single, "z")};
  } else {
    if (x > -1) {
      if (x < 3.0e38) {
        result = Math.log(1 + x);
      }
    } else {
      if (x === -1) {
        result = -${infinity};
      } else {
        result = ${infinity} - ${infinity};
      }
    }
  }
  return result;`,
  },
  kLog: {
    parameters: ["x", infinity],
    uses: ["kLog1p"],
    body: `
  let result = kLog1p(x - 1, ${infinity});
  if (x > 0 && (x < 0.7072 || x > 1.4142) && x < 3.4e38) {
    result = Math.log(x);
  }
  return result;`,
  },
  kExpm1: {
    parameters: ["x"],
    body: `
  let result = Math.exp(x) - 1;
  if (x > -0.3466 && x < 0.3466) {
    result = x + x * x * ${horner(expTail.single, "x")};
  }
  return result;`,
  },
  kTanh: {
    parameters: ["x"],
    uses: ["kExpm1"],
    body: `
  let result = x;
  if (x > 10) {
    result = 1;
  } else {
    if (x < -10) {
      result = -1;
    } else {
      let e = kExpm1(2 * Math.abs(x));
      result = e / (e + 2);
      if (x < 0) {
        result = -result;
      }
    }
  }
  return result;`,
  },
  kSinh: {
    parameters: ["x"],
    uses: ["kExpm1"],
    body: `
  let a = Math.abs(x);
  let half = Math.exp(0.5 * a);
  let result = 0.5 * half * half;
  if (a < 20) {
    let e = kExpm1(a);
    result = 0.5 * (e + e / (e + 1));
  }
  if (x < 0) {
    result = -result;
  }
  return result;`,
  },
  kCosh: {
    parameters: ["x"],
    body: `
  let a = Math.abs(x);
  let half = Math.exp(0.5 * a);
  let result = 0.5 * half * half;
  if (a < 20) {
    let e = Math.exp(a);
    result = 0.5 * (e + 1 / e);
  }
  return result;`,
  },
  kSigmoid: {
    parameters: ["x"],
    body: `
  let z = Math.exp(-Math.abs(x));
  let result = z / (1 + z);
  if (x >= 0) {
    result = 1 / (1 + z);
  }
  return result;`,
  },
  kSoftplus: {
    parameters: ["x", infinity],
    uses: ["kLog1p"],
    body: `
  let result = kLog1p(Math.exp(-Math.abs(x)), ${infinity});
  if (x > 0) {
    result = result + x;
  }
  return result;`,
  },
  kErfNear: { parameters: ["x"], body: `\n  let z = x * x;\n  return x + x * ${horner(erfNearZeroBrief, "z")};` },
  // erfc a for a from 1/2 on.
  kComplement: {
    parameters: ["a"],
    body: `
  let q = (a - 3) / (a + 3);
  let result = 0;
  if (a < 12) {
    result = ${horner(scaledComplementBrief, "q")} / (2 * a + 1) * Math.exp(-a * a);
  }
  return result;`,
  },
  kErf: {
    parameters: ["x"],
    uses: ["kErfNear", "kComplement"],
    body: `
  let result = kErfNear(x);
  if (x > 1) {
    result = 1 - kComplement(x);
  }
  if (x < -1) {
    result = kComplement(-x) - 1;
  }
  return result;`,
  },
  kGelu: {
    parameters: ["x"],
    uses: ["kErfNear", "kComplement"],
    body: `
  let scaled = x * ${rootHalf};
  let result = x * (0.5 + 0.5 * kErfNear(scaled));
  if (scaled > 0.5) {
    result = x * (1 - 0.5 * kComplement(scaled));
  }
  if (scaled < -0.5) {
    result = 0;
    if (scaled > -12) {
      result = 0.5 * x * kComplement(-scaled);
    }
  }
  return result;`,
  },
  kSin: { parameters: ["x"], body: wave(0) },
  kCos: { parameters: ["x"], body: wave(1) },
  kTan: { parameters: ["x"], uses: ["kSin", "kCos"], body: "\n  return kSin(x) / kCos(x);" },
  // The angle of (b, a) in the first quadrant, turned back so that the tangent is at most √2 − 1.
  kAngle: {
    parameters: ["a", "b"],
    body: `
  let top = a;
  let bottom = b;
  let turn = 0;
  if (a > b * ${literal(Math.SQRT2 + 1)}) {
    top = -b;
    bottom = a;
    turn = ${literal(Math.PI / 2)};
  } else {
    if (a > b * ${literal(Math.SQRT2 - 1)}) {
      top = a - b;
      bottom = a + b;
      turn = ${literal(Math.PI / 4)};
    }
  }
  let t = top / bottom;
  let z = t * t;
  return turn + (t + t * z * ${horner(atanTail.single, "z")});`,
  },
  kAtan: {
    parameters: ["x"],
    uses: ["kAngle"],
    body: `
  let result = kAngle(Math.abs(x), 1);
  if (Math.abs(x) > 3.0e38) {
    result = ${literal(Math.PI / 2)};
  }
  if (x < 0) {
    result = -result;
  }
  return result;`,
  },
  kAtan2: {
    parameters: ["y", "x"],
    uses: ["kAngle"],
    body: `
  let a = Math.abs(y);
  let b = Math.abs(x);
  let result = 0;
  if (a > 0) {
    result = kAngle(a, b);
  }
  if (a > 3.0e38) {
    result = ${literal(Math.PI / 2)};
    if (b > 3.0e38) {
      result = ${literal(Math.PI / 4)};
    }
  } else {
    if (b > 3.0e38) {
      result = 0;
    }
  }
  if (x < 0) {
    result = ${literal(Math.PI)} - result;
  }
  if (y < 0) {
    result = -result;
  }
  return result;`,
  },
  // asin for 0 to 1/2.
  kAsinNear: {
    parameters: ["s"],
    body: `\n  let z = s * s;\n  return s + s * z * ${horner(asinTail.single, "z")};`,
  },
  kAsin: {
    parameters: ["x"],
    uses: ["kAsinNear"],
    body: `
  let a = Math.abs(x);
  let result = kAsinNear(a);
  if (a > 0.5) {
    result = ${literal(Math.PI / 2)} - 2 * kAsinNear(Math.sqrt(0.5 - 0.5 * a));
  }
  if (x < 0) {
    result = -result;
  }
  return result;`,
  },
  kAcos: {
    parameters: ["x"],
    uses: ["kAsinNear"],
    body: `
  let a = Math.abs(x);
  let result = kAsinNear(a);
  if (a > 0.5) {
    result = 2 * kAsinNear(Math.sqrt(0.5 - 0.5 * a));
    if (x < 0) {
      result = ${literal(Math.PI)} - result;
    }
  } else {
    if (x < 0) {
      result = ${literal(Math.PI / 2)} + result;
    } else {
      result = ${literal(Math.PI / 2)} - result;
    }
  }
  return result;`,
  },
  // The device's own power is of positive numbers; small whole exponents are products.
  kPow: {
    parameters: ["x", "y", infinity],
    body: `
  let a = Math.abs(x);
  let size = Math.abs(y);
  let whole = Math.floor(y);
  let result = 1;
  if (whole === y && size < 16.5) {
    for (let k = 0; k < 16; k++) {
      if (k + 0.5 < size) {
        result = result * x;
      }
    }
    if (y < 0) {
      result = 1 / result;
      if (x === 0) {
        result = ${infinity};
      }
    }
  } else {
    if (a > 0) {
      result = Math.pow(a, y);
    } else {
      result = 0;
      if (y < 0) {
        result = ${infinity};
      }
    }
    if (x < 0) {
      if (whole === y) {
        if (whole - 2 * Math.floor(0.5 * whole) > 0.5) {
          result = -result;
        }
      } else {
        result = ${infinity} - ${infinity};
      }
    }
    if (x === 1) {
      result = 1;
    }
  }
  return result;`,
  },
  kRound: {
    parameters: ["x"],
    body: `
  let down = Math.floor(x);
  let rest = x - down;
  let result = down;
  if (rest > 0.5) {
    result = down + 1;
  }
  if (rest === 0.5) {
    if (down - 2 * Math.floor(0.5 * down) > 0.5) {
      result = down + 1;
    }
  }
  return result;`,
  },
}))();

type Write = (...operands: readonly string[]) => string;

const infix =
  (sign: string): Write =>
  (a, b) =>
    `${a} ${sign} ${b}`;
const compared =
  (sign: string): Write =>
  (a, b) =>
    `${a} ${sign} ${b} ? 1 : 0`;
const math =
  (name: string): Write =>
  (a) =>
    `Math.${name}(${a})`;
const helper =
  (name: string): Write =>
  (...operands) =>
    `${name}(${[...operands, ...(helpers[name].parameters.includes(infinity) ? [infinity] : [])].join(", ")})`;
const same: Write = (a) => a;

/** How each instruction of scalar bodies is written: the only place where the two vocabularies meet. */
const instructions: Readonly<Record<string, Write>> = /* @__PURE__ */ (() => ({
  add: infix("+"),
  sub: infix("-"),
  mul: infix("*"),
  div: infix("/"),
  neg: (a) => `-${a}`,
  abs: math("abs"),
  sqrt: math("sqrt"),
  rsqrt: (a) => `1 / Math.sqrt(${a})`,
  sign: (a) => `${a} > 0 ? 1 : (${a} < 0 ? -1 : ${a})`,
  // Written so that what is not a number wins wherever the device compares as IEEE 754 says.
  maximum: (a, b) => `(${a} <= ${b} || ${b} !== ${b}) ? ${b} : ${a}`,
  minimum: (a, b) => `(${a} >= ${b} || ${b} !== ${b}) ? ${b} : ${a}`,
  floor: math("floor"),
  ceil: math("ceil"),
  truncate: math("trunc"),
  round: helper("kRound"),
  equal: compared("==="),
  notEqual: compared("!=="),
  less: compared("<"),
  lessEqual: compared("<="),
  logicalAnd: (a, b) => `(${a} !== 0 && ${b} !== 0) ? 1 : 0`,
  logicalOr: (a, b) => `(${a} !== 0 || ${b} !== 0) ? 1 : 0`,
  logicalNot: (a) => `${a} === 0 ? 1 : 0`,
  select: (condition, a, b) => `${condition} !== 0 ? ${a} : ${b}`,
  // Only with 2ⁿ − 1: the rest modulo 2ⁿ.
  bitAnd: (a, b) => `${a} - (${b} + 1) * Math.floor(${a} / (${b} + 1))`,
  toFloat: same,
  toFloat32: same,
  toInteger: math("trunc"),
  exp: math("exp"),
  expm1: helper("kExpm1"),
  log: helper("kLog"),
  log1p: helper("kLog1p"),
  sin: helper("kSin"),
  cos: helper("kCos"),
  tan: helper("kTan"),
  asin: helper("kAsin"),
  acos: helper("kAcos"),
  atan: helper("kAtan"),
  atan2: helper("kAtan2"),
  sinh: helper("kSinh"),
  cosh: helper("kCosh"),
  tanh: helper("kTanh"),
  erf: helper("kErf"),
  sigmoid: helper("kSigmoid"),
  softplus: helper("kSoftplus"),
  gelu: helper("kGelu"),
  pow: helper("kPow"),
}))();

export const isWritable = (instruction: Instruction): boolean => instruction.name in instructions;

export const written = (instruction: Instruction, operands: readonly string[]): string =>
  instructions[instruction.name](...operands);

/** The helpers that a source calls, each after those that it calls itself. */
export function functionsFor(source: string): readonly LibraryFunction[] {
  const found: string[] = [];
  const visit = (name: string): void => {
    if (found.includes(name)) return;
    for (const other of helpers[name].uses ?? []) visit(other);
    found.push(name);
  };
  for (const name of Object.keys(helpers)) if (source.includes(`${name}(`)) visit(name);
  return found.map((name) => {
    const { parameters, body } = helpers[name];
    return {
      name,
      source: `function ${name}(${parameters.join(", ")}) {${body}\n}`,
      argumentTypes: parameters.map(() => "Number" as const),
      returnType: "Number",
    };
  });
}
