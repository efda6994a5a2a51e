/** The scalar instructions, by type; names are the specification's in camel case. */

import {
  type Binary,
  constant,
  type Expression,
  load,
  operation,
  store,
  table,
  type Unary,
  type ValueType,
} from "./expression.js";

const integerBinary = (base: number) => ({
  add: base,
  sub: base + 1,
  mul: base + 2,
  divSigned: base + 3,
  divUnsigned: base + 4,
  remSigned: base + 5,
  remUnsigned: base + 6,
  and: base + 7,
  or: base + 8,
  xor: base + 9,
  shl: base + 10,
  shrSigned: base + 11,
  shrUnsigned: base + 12,
});
const integerCompare = (base: number) => ({
  eq: base,
  ne: base + 1,
  ltSigned: base + 2,
  ltUnsigned: base + 3,
  gtSigned: base + 4,
  gtUnsigned: base + 5,
  leSigned: base + 6,
  leUnsigned: base + 7,
  geSigned: base + 8,
  geUnsigned: base + 9,
});
const floatUnary = (base: number) => ({
  abs: base,
  neg: base + 1,
  ceil: base + 2,
  floor: base + 3,
  trunc: base + 4,
  nearest: base + 5,
  sqrt: base + 6,
});
const floatBinary = (base: number) => ({
  add: base,
  sub: base + 1,
  mul: base + 2,
  div: base + 3,
  min: base + 4,
  max: base + 5,
  copysign: base + 6,
});
const floatCompare = (base: number) => ({
  eq: base,
  ne: base + 1,
  lt: base + 2,
  gt: base + 3,
  le: base + 4,
  ge: base + 5,
});

const convert = (name: string, opcode: number, from: ValueType, to: ValueType): Unary => {
  return (a) => operation(name, opcode, to, [from], [a]);
};

function makeI32() {
  return {
    const: (value: number): Expression => constant(0x41, "i32", (code) => code.signed(value)),
    ...table<keyof ReturnType<typeof integerBinary>, Binary>("i32", ["i32", "i32"], "i32", integerBinary(0x6a)),
    ...table<keyof ReturnType<typeof integerCompare>, Binary>("i32", ["i32", "i32"], "i32", integerCompare(0x46)),
    ...table<"eqz" | "countLeadingZeros", Unary>("i32", ["i32"], "i32", { eqz: 0x45, countLeadingZeros: 0x67 }),
    wrapI64: convert("i32.wrapI64", 0xa7, "i64", "i32"),
    reinterpretF32: convert("i32.reinterpretF32", 0xbc, "f32", "i32"),
    truncSatF32: convert("i32.truncSatF32", 0xfc0000, "f32", "i32"),
    truncSatF64: convert("i32.truncSatF64", 0xfc0002, "f64", "i32"),
    load: load("i32.load", 0x28, "i32"),
    load8Signed: load("i32.load8Signed", 0x2c, "i32"),
    load8Unsigned: load("i32.load8Unsigned", 0x2d, "i32"),
    store: store("i32.store", 0x36, "i32"),
    store8: store("i32.store8", 0x3a, "i32"),
  };
}

function makeI64() {
  return {
    const: (value: bigint): Expression => constant(0x42, "i64", (code) => code.signedLong(BigInt.asIntN(64, value))),
    ...table<keyof ReturnType<typeof integerBinary>, Binary>("i64", ["i64", "i64"], "i64", integerBinary(0x7c)),
    ...table<keyof ReturnType<typeof integerCompare>, Binary>("i64", ["i64", "i64"], "i32", integerCompare(0x51)),
    ...table<"countLeadingZeros", Unary>("i64", ["i64"], "i64", { countLeadingZeros: 0x79 }),
    extendI32Signed: convert("i64.extendI32Signed", 0xac, "i32", "i64"),
    extendI32Unsigned: convert("i64.extendI32Unsigned", 0xad, "i32", "i64"),
    reinterpretF64: convert("i64.reinterpretF64", 0xbd, "f64", "i64"),
  };
}

function makeF32() {
  return {
    const: (value: number): Expression =>
      constant(0x43, "f32", (code) => code.raw(new Uint8Array(Float32Array.of(value).buffer))),
    ...table<keyof ReturnType<typeof floatUnary>, Unary>("f32", ["f32"], "f32", floatUnary(0x8b)),
    ...table<keyof ReturnType<typeof floatBinary>, Binary>("f32", ["f32", "f32"], "f32", floatBinary(0x92)),
    ...table<keyof ReturnType<typeof floatCompare>, Binary>("f32", ["f32", "f32"], "i32", floatCompare(0x5b)),
    convertI32Signed: convert("f32.convertI32Signed", 0xb2, "i32", "f32"),
    convertI32Unsigned: convert("f32.convertI32Unsigned", 0xb3, "i32", "f32"),
    demoteF64: convert("f32.demoteF64", 0xb6, "f64", "f32"),
    reinterpretI32: convert("f32.reinterpretI32", 0xbe, "i32", "f32"),
    load: load("f32.load", 0x2a, "f32"),
    store: store("f32.store", 0x38, "f32"),
  };
}

function makeF64() {
  return {
    const: (value: number): Expression =>
      constant(0x44, "f64", (code) => code.raw(new Uint8Array(Float64Array.of(value).buffer))),
    ...table<keyof ReturnType<typeof floatUnary>, Unary>("f64", ["f64"], "f64", floatUnary(0x99)),
    ...table<keyof ReturnType<typeof floatBinary>, Binary>("f64", ["f64", "f64"], "f64", floatBinary(0xa0)),
    ...table<keyof ReturnType<typeof floatCompare>, Binary>("f64", ["f64", "f64"], "i32", floatCompare(0x61)),
    convertI32Signed: convert("f64.convertI32Signed", 0xb7, "i32", "f64"),
    convertI32Unsigned: convert("f64.convertI32Unsigned", 0xb8, "i32", "f64"),
    convertI64Signed: convert("f64.convertI64Signed", 0xb9, "i64", "f64"),
    convertI64Unsigned: convert("f64.convertI64Unsigned", 0xba, "i64", "f64"),
    promoteF32: convert("f64.promoteF32", 0xbb, "f32", "f64"),
    reinterpretI64: convert("f64.reinterpretI64", 0xbf, "i64", "f64"),
    load: load("f64.load", 0x2b, "f64"),
    store: store("f64.store", 0x39, "f64"),
  };
}

export const i32 = /* @__PURE__ */ makeI32();
export const i64 = /* @__PURE__ */ makeI64();
export const f32 = /* @__PURE__ */ makeF32();
export const f64 = /* @__PURE__ */ makeF64();

/** `condition ? a : b`, both evaluated. */
export function select(condition: Expression, a: Expression, b: Expression): Expression {
  // The one-byte form is for numbers only; vectors need the form that names its type.
  if (a.type === "v128") {
    return operation("select", 0x1c, "v128", ["v128", "v128", "i32"], [a, b, condition], (code) => {
      code.byte(1);
      code.byte(0x7b);
    });
  }
  return operation("select", 0x1b, a.type, [a.type, a.type, "i32"], [a, b, condition]);
}
