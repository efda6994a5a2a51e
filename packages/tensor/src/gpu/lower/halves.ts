import { add, bitAnd, bitOr, bitXor, floor, less, mul, select, sub } from "../../scalar/instructions.js";
import { type Instruction, operation, type Scalar } from "../../scalar/scalar.js";

/** A whole number of 32 bits as two of 16, which are numbers that float32 has: what a GPU computes bits with. */
export interface Halves {
  readonly high: Scalar;
  readonly low: Scalar;
}

const radix = 2 ** 16;

const real = (value: number): Scalar => ({ kind: "constant", value, type: "float" });

/** Bits of halves; their results are numbers like any other. */
const onHalves = (name: string, { loop }: Instruction): Instruction => ({ name, arity: 2, result: "float", loop });
const halfAnd = /* @__PURE__ */ onHalves("halfAnd", bitAnd);
const halfOr = /* @__PURE__ */ onHalves("halfOr", bitOr);
const halfXor = /* @__PURE__ */ onHalves("halfXor", bitXor);

/** How often `by`, a power of two, goes into x: exactly. */
const quotient = (x: Scalar, by: number): Scalar => operation(floor, operation(mul, x, real(1 / by)));
const rest = (x: Scalar, by: number): Scalar => operation(sub, x, operation(mul, quotient(x, by), real(by)));

/** What a sum or a difference of halves is modulo 2³². */
function carried({ high, low }: Halves): Halves {
  const carry = quotient(low, radix);
  return {
    high: rest(operation(add, high, carry), radix),
    low: operation(sub, low, operation(mul, carry, real(radix))),
  };
}

const both =
  (instruction: Instruction) =>
  (a: Halves, b: Halves): Halves => ({
    high: operation(instruction, a.high, b.high),
    low: operation(instruction, a.low, b.low),
  });

/** Instructions of two words. */
export const wordRules: Readonly<Record<string, (a: Halves, b: Halves) => Halves>> = /* @__PURE__ */ (() => ({
  add: (a, b) => carried(both(add)(a, b)),
  sub: (a, b) => carried(both(sub)(a, b)),
  bitAnd: both(halfAnd),
  bitOr: both(halfOr),
  bitXor: both(halfXor),
}))();

/** Shifts by a number of bits that is known. */
export const shiftRules: Readonly<Record<string, (a: Halves, bits: number) => Halves>> = /* @__PURE__ */ (() => ({
  shiftLeft: ({ high, low }, bits) => {
    if (bits >= 16) return { high: moveLeft(low, bits - 16), low: real(0) };
    return { high: operation(add, moveLeft(high, bits), moveRight(low, 16 - bits)), low: moveLeft(low, bits) };
  },
  shiftRight: ({ high, low }, bits) => {
    if (bits >= 16) return { high: real(0), low: moveRight(high, bits - 16) };
    return { high: moveRight(high, bits), low: operation(add, moveLeft(high, 16 - bits), moveRight(low, bits)) };
  },
}))();

/** Within a half: what goes beyond it is lost. */
function moveLeft(half: Scalar, bits: number): Scalar {
  if (bits === 0) return half;
  return bits === 16 ? real(0) : operation(mul, rest(half, 2 ** (16 - bits)), real(2 ** bits));
}

function moveRight(half: Scalar, bits: number): Scalar {
  if (bits === 0) return half;
  return bits === 16 ? real(0) : quotient(half, 2 ** bits);
}

function constantHalves(value: number): { readonly high: number; readonly low: number } {
  return { high: (value | 0) >>> 16, low: value & (radix - 1) };
}

export function halvesOfConstant(value: number): Halves {
  const { high, low } = constantHalves(value);
  return { high: real(high), low: real(low) };
}

/** A whole number that float32 has, as a word: modulo 2³². */
export const halvesOf = (x: Scalar): Halves => ({ high: rest(quotient(x, radix), radix), low: rest(x, radix) });

/** A word as a number with its sign, rounded once. */
export function numberOf({ high, low }: Halves): Scalar {
  const signed = operation(select, operation(less, high, real(radix / 2)), high, operation(sub, high, real(radix)));
  return operation(add, operation(mul, signed, real(radix)), low);
}

/** The upper half for an even position, else the lower one. */
export const halfAt = ({ high, low }: Halves, position: Scalar): Scalar =>
  operation(select, rest(position, 2), low, high);

/** The number of the word that the half at a position is of. */
export const wordAt = (position: Scalar): Scalar => quotient(position, 2);

/** An array of words as one of halves, the upper one first. */
export function split(words: ArrayLike<number>): Float32Array {
  const halves = new Float32Array(2 * words.length);
  for (let k = 0; k < words.length; k++) {
    const { high, low } = constantHalves(words[k]);
    halves[2 * k] = high;
    halves[2 * k + 1] = low;
  }
  return halves;
}

/** The words of an array of halves. */
export function join(halves: Float32Array): Int32Array {
  return Int32Array.from({ length: halves.length / 2 }, (_, k) => (halves[2 * k] << 16) | halves[2 * k + 1]);
}
