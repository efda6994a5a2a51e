import { asinTail, atanTail } from "../wasm/math/inverse.js";
import { cosTail, sinTail } from "../wasm/math/trigonometric.js";
import { type Helper, horner, literal } from "./numbers.js";

/** π/2 in parts of 8, 11 and 24 bits: whole multiples up to 2¹³ of the first two are exact (Cody and Waite, 1980). */
const halfPi = /* @__PURE__ */ (() => {
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

/** Sine and its relatives, to float32 for |x| up to some 10⁴, and their inverses. */
export const angles: Readonly<Record<string, Helper>> = /* @__PURE__ */ (() => ({
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
}))();
