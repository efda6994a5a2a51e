/** The scalar instructions, by type; names are the specification's in camel case. */

import {
  type Binary,
  constant,
  type Expression,
  inOrder,
  load,
  operation,
  store,
  table,
  type Unary,
  type ValueType,
} from "./expression.js";

const integerBinary = (first: number) =>
  inOrder(
    first,
    ...(["add", "sub", "mul", "divSigned", "divUnsigned", "remSigned", "remUnsigned"] as const),
    ...(["and", "or", "xor", "shl", "shrSigned", "shrUnsigned"] as const),
  );
const integerCompare = (first: number) =>
  inOrder(
    first,
    ...(["eq", "ne", "ltSigned", "ltUnsigned", "gtSigned", "gtUnsigned"] as const),
    ...(["leSigned", "leUnsigned", "geSigned", "geUnsigned"] as const),
  );
const floatUnary = (first: number) => inOrder(first, "abs", "neg", "ceil", "floor", "trunc", "nearest", "sqrt");
const floatBinary = (first: number) => inOrder(first, "add", "sub", "mul", "div", "min", "max", "copysign");
const floatCompare = (first: number) => inOrder(first, "eq", "ne", "lt", "gt", "le", "ge");

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
    load: load("i32.load", 0x28, "i32"),
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
    convertI64Signed: convert("f64.convertI64Signed", 0xb9, "i64", "f64"),
    convertI64Unsigned: convert("f64.convertI64Unsigned", 0xba, "i64", "f64"),
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
