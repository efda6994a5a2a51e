/** The scalar instructions, by type; names are the specification's in camel case. */

import {
  type Binary,
  constant,
  type Expression,
  inOrder,
  load,
  mapped,
  operation,
  store,
  table,
  type Unary,
  type ValueType,
} from "./expression.js";

const arithmetic = (first: number) =>
  inOrder(
    first,
    ...(["add", "sub", "mul", "divSigned", "divUnsigned", "remSigned", "remUnsigned"] as const),
    ...(["and", "or", "xor", "shl", "shrSigned", "shrUnsigned"] as const),
  );
const comparisons = (first: number) =>
  inOrder(
    first,
    ...(["eq", "ne", "ltSigned", "ltUnsigned", "gtSigned", "gtUnsigned"] as const),
    ...(["leSigned", "leUnsigned", "geSigned", "geUnsigned"] as const),
  );

/** What both widths of integers have, and of floats, from the opcodes with which each family begins. */
const integer = (type: ValueType, compare: number, compute: number) => ({
  ...table<keyof ReturnType<typeof comparisons>, Binary>(type, [type, type], "i32", comparisons(compare)),
  ...table<keyof ReturnType<typeof arithmetic>, Binary>(type, [type, type], type, arithmetic(compute)),
});
const float = (type: ValueType, compare: number, compute: number) => ({
  ...table<"eq" | "ne" | "lt" | "gt" | "le" | "ge", Binary>(
    type,
    [type, type],
    "i32",
    inOrder(compare, "eq", "ne", "lt", "gt", "le", "ge"),
  ),
  ...table<"abs" | "neg", Unary>(type, [type], type, inOrder(compute, "abs", "neg")),
  ...table<"add" | "sub" | "mul" | "div", Binary>(
    type,
    [type, type],
    type,
    inOrder(compute + 7, "add", "sub", "mul", "div"),
  ),
});

const convert = <N extends string>(from: ValueType, to: ValueType, opcodes: Readonly<Record<N, number>>) =>
  table<N, Unary>(to, [from], to, opcodes);

function makeI32() {
  return {
    const: (value: number): Expression => constant(0x41, "i32", (code) => code.signed(value)),
    ...integer("i32", 0x46, 0x6a),
    ...convert("i32", "i32", { eqz: 0x45 }),
    ...convert("i64", "i32", { wrapI64: 0xa7 }),
    ...mapped("i32", { load: 0x28, load8Unsigned: 0x2d }, load("i32")),
    ...mapped("i32", { store: 0x36, store8: 0x3a }, store("i32")),
  };
}

function makeI64() {
  return {
    const: (value: bigint): Expression => constant(0x42, "i64", (code) => code.signedLong(BigInt.asIntN(64, value))),
    ...integer("i64", 0x51, 0x7c),
    ...convert("i64", "i64", { countLeadingZeros: 0x79 }),
    ...convert("i32", "i64", { extendI32Unsigned: 0xad }),
    ...convert("f64", "i64", { reinterpretF64: 0xbd }),
  };
}

function makeF32() {
  return {
    const: (value: number): Expression =>
      constant(0x43, "f32", (code) => code.raw(new Uint8Array(Float32Array.of(value).buffer))),
    ...float("f32", 0x5b, 0x8b),
    ...mapped("f32", { load: 0x2a }, load("f32")),
    ...mapped("f32", { store: 0x38 }, store("f32")),
  };
}

function makeF64() {
  return {
    const: (value: number): Expression =>
      constant(0x44, "f64", (code) => code.raw(new Uint8Array(Float64Array.of(value).buffer))),
    ...float("f64", 0x61, 0x99),
    ...convert("i64", "f64", { convertI64Unsigned: 0xba }),
    ...mapped("f64", { load: 0x2b }, load("f64")),
    ...mapped("f64", { store: 0x39 }, store("f64")),
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
