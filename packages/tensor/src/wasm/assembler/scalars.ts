/** The scalar instructions, by type; names are the specification's in camel case. */

import type { ByteWriter } from "./bytes.js";
import {
  type Binary,
  constant,
  type Expression,
  inOrder,
  load,
  mapped,
  type Operand,
  operation,
  store,
  table,
  typeOf,
  type Unary,
  type ValueType,
  type WholeBinary,
  type WholeUnary,
} from "./expression.js";

type Comparison = "eq" | "ne" | "ltSigned" | "gtSigned" | "leSigned" | "geSigned";
type Arithmetic = "add" | "sub" | "mul" | "divUnsigned" | "and" | "shl" | "shrUnsigned";

function makeI32() {
  return {
    ...table<Comparison | Arithmetic, WholeBinary>("i32", {
      ...{ eq: 0x46, ne: 0x47, ltSigned: 0x48, gtSigned: 0x4a, leSigned: 0x4c, geSigned: 0x4e },
      ...{ add: 0x6a, sub: 0x6b, mul: 0x6c, divUnsigned: 0x6e, and: 0x71, shl: 0x74, shrUnsigned: 0x76 },
    }),
    ...table<"eqz" | "wrapI64", WholeUnary>("i32", { eqz: 0x45, wrapI64: 0xa7 }),
    ...mapped({ load: 0x28, load8Unsigned: 0x2d }, load("i32")),
    ...mapped({ store: 0x36, store8: 0x3a }, store),
  };
}

type LongArithmetic = "add" | "sub" | "mul" | "and" | "or" | "xor" | "shl" | "shrSigned" | "shrUnsigned";

function makeI64() {
  return {
    const: (value: bigint): Expression => constant(0x42, "i64", (code) => writeLong(code, BigInt.asIntN(64, value))),
    ...table<"ltUnsigned", Binary>("i32", { ltUnsigned: 0x54 }),
    ...table<LongArithmetic, Binary>("i64", {
      ...inOrder(0x7c, "add", "sub", "mul"),
      ...inOrder(0x83, "and", "or", "xor", "shl", "shrSigned", "shrUnsigned"),
    }),
    ...table<"countLeadingZeros" | "extendI32Unsigned" | "reinterpretF64", Unary>("i64", {
      countLeadingZeros: 0x79,
      extendI32Unsigned: 0xad,
      reinterpretF64: 0xbd,
    }),
  };
}

const float = (type: ValueType, compare: number, compute: number) => ({
  ...table<"lt", Binary>("i32", { lt: compare + 2 }),
  ...table<"abs" | "neg", Unary>(type, inOrder(compute, "abs", "neg")),
  ...table<"add" | "mul", Binary>(type, { add: compute + 7, mul: compute + 9 }),
});

/** LEB128, signed, of 64 bits. */
function writeLong(code: ByteWriter, value: bigint): void {
  let rest = value;
  while (rest < -64n || rest > 63n) {
    code.byte(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  code.byte(Number(rest & 127n));
}

function makeF32() {
  return {
    const: (value: number): Expression =>
      constant(0x43, "f32", (code) => code.raw(new Uint8Array(Float32Array.of(value).buffer))),
    ...float("f32", 0x5b, 0x8b),
    ...mapped({ load: 0x2a }, load("f32")),
    ...mapped({ store: 0x38 }, store),
  };
}

function makeF64() {
  return {
    const: (value: number): Expression =>
      constant(0x44, "f64", (code) => code.raw(new Uint8Array(Float64Array.of(value).buffer))),
    ...float("f64", 0x61, 0x99),
    ...table<"convertI64Unsigned", Unary>("f64", { convertI64Unsigned: 0xba }),
    ...mapped({ load: 0x2b }, load("f64")),
    ...mapped({ store: 0x39 }, store),
  };
}

export const i32 = /* @__PURE__ */ makeI32();
export const i64 = /* @__PURE__ */ makeI64();
export const f32 = /* @__PURE__ */ makeF32();
export const f64 = /* @__PURE__ */ makeF64();

/** `condition ? a : b`, both evaluated. */
export function select(condition: Operand, a: Operand, b: Operand): Expression {
  // The one-byte form is for numbers only; vectors need the form that names its type.
  return typeOf(a) === "v128"
    ? operation(0x1c, "v128", [a, b, condition], (code) => code.raw([1, 0x7b]))
    : operation(0x1b, typeOf(a), [a, b, condition]);
}
