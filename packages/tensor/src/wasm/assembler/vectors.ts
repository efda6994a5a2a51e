/** The 128-bit SIMD instructions, by shape; names are the specification's in camel case. */

import {
  type Binary,
  type Expression,
  extractLane,
  inOrder,
  load,
  loadLane,
  operation,
  replaceLane,
  store,
  storeLane,
  type Ternary,
  table,
  type Unary,
  type ValueType,
} from "./expression.js";

const prefixed = (subcode: number): number => 0xfd0000 | subcode;

function prefixAll<N extends string>(subcodes: Readonly<Record<N, number>>): Record<N, number> {
  const codes: Record<N, number> = { ...subcodes };
  for (const name of Object.keys(codes) as N[]) codes[name] = prefixed(codes[name]);
  return codes;
}

const unary = <N extends string>(shape: string, subcodes: Readonly<Record<N, number>>) =>
  table<N, Unary>(shape, ["v128"], "v128", prefixAll(subcodes));
const binary = <N extends string>(shape: string, subcodes: Readonly<Record<N, number>>) =>
  table<N, Binary>(shape, ["v128", "v128"], "v128", prefixAll(subcodes));
const ternary = <N extends string>(shape: string, subcodes: Readonly<Record<N, number>>) =>
  table<N, Ternary>(shape, ["v128", "v128", "v128"], "v128", prefixAll(subcodes));
const shift = <N extends string>(shape: string, subcodes: Readonly<Record<N, number>>) =>
  table<N, Binary>(shape, ["v128", "i32"], "v128", prefixAll(subcodes));
const test = <N extends string>(shape: string, subcodes: Readonly<Record<N, number>>) =>
  table<N, Unary>(shape, ["v128"], "i32", prefixAll(subcodes));
const splat = (shape: string, subcode: number, scalar: ValueType): Unary => {
  return (a) => operation(`${shape}.splat`, prefixed(subcode), "v128", [scalar], [a]);
};
const floatCompare = (first: number) => inOrder(first, "eq", "ne", "lt", "gt", "le", "ge");
/**
 * `min` and `max` are NaN if either is, and −0 < 0; `pseudoMin(a, b)` is b < a ? b : a, `pseudoMax(a, b)` a < b ? b : a,
 * as one instruction of the processor.
 */
const floatBinary = (first: number) =>
  inOrder(first, "add", "sub", "mul", "div", "min", "max", "pseudoMin", "pseudoMax");

const bytesConstant = (bytes: Uint8Array): Expression => ({ type: "v128", emit: (code) => code.vector(bytes) });

function makeV128() {
  return {
    const: bytesConstant,
    ...unary("v128", { not: 77 }),
    /** `andNot(a, b)` is a & ~b. */
    ...binary("v128", { and: 78, andNot: 79, or: 80, xor: 81 }),
    /** `bitselect(a, b, mask)`: bits of a where the mask is set, of b elsewhere. */
    ...ternary("v128", { bitselect: 82 }),
    ...test("v128", { anyTrue: 83 }),
    load: load("v128.load", prefixed(0), "v128"),
    load32Splat: load("v128.load32Splat", prefixed(9), "v128"),
    load64Splat: load("v128.load64Splat", prefixed(10), "v128"),
    load32Zero: load("v128.load32Zero", prefixed(92), "v128"),
    load64Zero: load("v128.load64Zero", prefixed(93), "v128"),
    load32Lane: loadLane("v128.load32Lane", prefixed(86)),
    load64Lane: loadLane("v128.load64Lane", prefixed(87)),
    store: store("v128.store", prefixed(11), "v128"),
    store32Lane: storeLane("v128.store32Lane", prefixed(90)),
    store64Lane: storeLane("v128.store64Lane", prefixed(91)),
  };
}

function makeF32x4() {
  return {
    lanes: 4,
    bytes: 4,
    const: (...values: number[]): Expression =>
      bytesConstant(new Uint8Array(Float32Array.from({ length: 4 }, (_, i) => values[i % values.length]!).buffer)),
    splat: splat("f32x4", 19, "f32"),
    extractLane: extractLane("f32x4.extractLane", prefixed(31), "f32"),
    replaceLane: replaceLane("f32x4.replaceLane", prefixed(32), "f32"),
    ...binary("f32x4", { ...floatCompare(65), ...floatBinary(0xe4) }),
    ...unary("f32x4", {
      ...{ ceil: 103, floor: 104, trunc: 105, nearest: 106, abs: 0xe0, neg: 0xe1, sqrt: 0xe3 },
      ...{ demoteF64x2Zero: 94, convertI32x4Signed: 0xfa },
    }),
    /** a·b + c, rounded once or twice as the processor likes. */
    ...ternary("f32x4", { relaxedMadd: 0x105 }),
  };
}

function makeF64x2() {
  return {
    lanes: 2,
    bytes: 8,
    const: (...values: number[]): Expression =>
      bytesConstant(new Uint8Array(Float64Array.from({ length: 2 }, (_, i) => values[i % values.length]!).buffer)),
    splat: splat("f64x2", 20, "f64"),
    extractLane: extractLane("f64x2.extractLane", prefixed(33), "f64"),
    replaceLane: replaceLane("f64x2.replaceLane", prefixed(34), "f64"),
    ...binary("f64x2", { ...floatCompare(71), ...floatBinary(0xf0) }),
    ...unary("f64x2", {
      ...{ ceil: 0x74, floor: 0x75, trunc: 0x7a, nearest: 0x94, abs: 0xec, neg: 0xed, sqrt: 0xef },
      ...{ promoteLowF32x4: 95, convertLowI32x4Signed: 0xfe },
    }),
    ...ternary("f64x2", { relaxedMadd: 0x107 }),
  };
}

function makeI32x4() {
  return {
    lanes: 4,
    bytes: 4,
    const: (...values: number[]): Expression =>
      bytesConstant(new Uint8Array(Int32Array.from({ length: 4 }, (_, i) => values[i % values.length]!).buffer)),
    splat: splat("i32x4", 17, "i32"),
    extractLane: extractLane("i32x4.extractLane", prefixed(27), "i32"),
    replaceLane: replaceLane("i32x4.replaceLane", prefixed(28), "i32"),
    ...binary("i32x4", {
      ...{ eq: 55, ne: 56, ltSigned: 57, gtSigned: 59, leSigned: 61, geSigned: 63 },
      ...{ add: 0xae, sub: 0xb1, mul: 0xb5, minSigned: 0xb6, maxSigned: 0xb8 },
    }),
    ...unary("i32x4", {
      ...{ abs: 0xa0, neg: 0xa1 },
      ...{ truncSatF32x4Unsigned: 0xf9, truncSatF64x2UnsignedZero: 0xfd },
    }),
    ...shift("i32x4", { shl: 0xab, shrSigned: 0xac, shrUnsigned: 0xad }),
  };
}

function makeI64x2() {
  return {
    const: (...values: bigint[]): Expression =>
      bytesConstant(new Uint8Array(BigInt64Array.from({ length: 2 }, (_, i) => values[i % values.length]!).buffer)),
    splat: splat("i64x2", 18, "i64"),
    extractLane: extractLane("i64x2.extractLane", prefixed(29), "i64"),
    replaceLane: replaceLane("i64x2.replaceLane", prefixed(30), "i64"),
    ...binary("i64x2", { eq: 0xd6, ltSigned: 0xd8, gtSigned: 0xd9, add: 0xce, sub: 0xd1 }),
    ...unary("i64x2", { extendLowI32x4Signed: 0xc7 }),
    ...shift("i64x2", { shl: 0xcb, shrSigned: 0xcc, shrUnsigned: 0xcd }),
    ...test("i64x2", { bitmask: 0xc4 }),
  };
}

export const v128 = /* @__PURE__ */ makeV128();
export const f32x4 = /* @__PURE__ */ makeF32x4();
export const f64x2 = /* @__PURE__ */ makeF64x2();
export const i32x4 = /* @__PURE__ */ makeI32x4();
export const i64x2 = /* @__PURE__ */ makeI64x2();

/** Bytes out of a (0–15) and b (16–31). */
export function shuffleBytes(a: Expression, b: Expression, bytes: readonly number[]): Expression {
  return operation("i8x16.shuffle", prefixed(13), "v128", ["v128", "v128"], [a, b], (code) => code.raw(bytes));
}

/** Lanes of 32 bits out of a (0–3) and b (4–7). */
export function shuffle32(a: Expression, b: Expression, lanes: readonly [number, number, number, number]): Expression {
  return shuffleBytes(
    a,
    b,
    lanes.flatMap((lane) => [lane * 4, lane * 4 + 1, lane * 4 + 2, lane * 4 + 3]),
  );
}

/** Lanes of 64 bits out of a (0, 1) and b (2, 3). */
export function shuffle64(a: Expression, b: Expression, lanes: readonly [number, number]): Expression {
  return shuffle32(a, b, [lanes[0] * 2, lanes[0] * 2 + 1, lanes[1] * 2, lanes[1] * 2 + 1]);
}

/** What float32 and float64 vectors have in common, for code that serves both. */
export type FloatLanes = typeof f32x4 | typeof f64x2;
