import { erfNearZeroBrief, scaledComplementBrief } from "../wasm/math/errorFunction.js";
import { expTailSingle } from "../wasm/math/exponential.js";
import { artanhTail } from "../wasm/math/logarithm.js";
import { angles } from "./angles.js";
import { bits } from "./bits.js";
import type { Functions, LibraryFunction, Mode } from "./library.js";
import { type Helper, horner, infinity, literal } from "./numbers.js";

// Functions in the language of GPU.js's kernels, for what devices have to a few digits only (sine, logarithm near 1,
// e^x − 1 …), or not at all.

const rootHalf = /* @__PURE__ */ literal(Math.SQRT1_2);

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
    result = x + x * x * ${horner(expTailSingle, "x")};
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
  ...angles,
  ...bits,
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

/** How a helper is called. */
export const callOf =
  (name: string) =>
  (...operands: readonly string[]): string =>
    `${name}(${[...operands, ...(helpers[name].parameters.includes(infinity) ? [infinity] : [])].join(", ")})`;

/** Lines that a helper is, with those that it calls. */
export function linesOf(name: string): number {
  const { body, uses = [] } = helpers[name];
  return body.split("\n").length + uses.reduce((total, other) => total + linesOf(other), 0);
}

/** The helpers that a source calls, each after those that it calls itself: in the kernels' language, and the device's. */
export function functionsFor(source: string, mode: Mode): Functions {
  const found: string[] = [];
  const visit = (name: string): void => {
    if (found.includes(name)) return;
    for (const other of helpers[name].uses ?? []) visit(other);
    found.push(name);
  };
  for (const name of Object.keys(helpers)) if (source.includes(`${name}(`)) visit(name);
  const functions: LibraryFunction[] = [];
  const nativeFunctions: LibraryFunction[] = [];
  for (const name of found) {
    const { parameters, body, glsl } = helpers[name];
    const types = { argumentTypes: parameters.map(() => "Number" as const), returnType: "Number" } as const;
    if (mode === "webgl2" && glsl) nativeFunctions.push({ name, source: `float ${name}${glsl}`, ...types });
    else functions.push({ name, source: `function ${name}(${parameters.join(", ")}) {${body}\n}`, ...types });
  }
  return { functions, nativeFunctions };
}
