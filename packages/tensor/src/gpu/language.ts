import type { Instruction } from "../scalar/scalar.js";
import { callOf, linesOf } from "./helpers.js";
import { needing } from "./lower/words.js";

/**
 * Scalar bodies in the language of GPU.js's kernels: a JavaScript of numbers, which it translates to GLSL, WGSL and
 * WebAssembly. What those have to a few digits only (sine, logarithm near 1, e^x − 1 …), or not at all, is written out.
 * Values are float32, whole numbers too. What is not a number is kept where comparing is not needed to: a device may
 * take it that there is none.
 */
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
  round: callOf("kRound"),
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
  halfAnd: callOf("kAnd"),
  halfOr: callOf("kOr"),
  halfXor: callOf("kXor"),
  toFloat: same,
  toFloat32: same,
  toInteger: math("trunc"),
  exp: math("exp"),
  expm1: callOf("kExpm1"),
  log: callOf("kLog"),
  log1p: callOf("kLog1p"),
  sin: callOf("kSin"),
  cos: callOf("kCos"),
  tan: callOf("kTan"),
  asin: callOf("kAsin"),
  acos: callOf("kAcos"),
  atan: callOf("kAtan"),
  atan2: callOf("kAtan2"),
  sinh: callOf("kSinh"),
  cosh: callOf("kCosh"),
  tanh: callOf("kTanh"),
  erf: callOf("kErf"),
  sigmoid: callOf("kSigmoid"),
  softplus: callOf("kSoftplus"),
  gelu: callOf("kGelu"),
  pow: callOf("kPow"),
}))();

/** Bits are taken apart by arithmetic on halves of words, before anything is written. */
export const isWritable = ({ name }: Instruction): boolean => name in instructions || needing.includes(name);

export const written = (instruction: Instruction, operands: readonly string[]): string =>
  instructions[instruction.name](...operands);

/** Lines of the helper that an instruction calls; none where the device has the instruction itself. */
export function helperLines(instruction: Instruction): number {
  const called = /^k\w+/.exec(written(instruction, ["0", "0", "0"]))?.[0];
  return called === undefined ? 0 : linesOf(called);
}
