/** The 128-bit SIMD instructions, by shape; names are the specification's in camel case. */

import {
  type Binary,
  type Expression,
  extractLane,
  inOrder,
  load,
  loadLane,
  mapped,
  operation,
  replaceLane,
  store,
  storeLane,
  type Ternary,
  table,
  type Unary,
  type ValueType,
} from "./expression.js";

/** The prefix that these instructions have in common. */
const simd = 0xfd0000;

const unary = <N extends string>(shape: string, subcodes: Readonly<Record<N, number>>, result: ValueType = "v128") =>
  table<N, Unary>(shape, ["v128"], result, subcodes, simd);
const binary = <N extends string>(shape: string, subcodes: Readonly<Record<N, number>>, second: ValueType = "v128") =>
  table<N, Binary>(shape, ["v128", second], "v128", subcodes, simd);
const ternary = <N extends string>(shape: string, subcodes: Readonly<Record<N, number>>) =>
  table<N, Ternary>(shape, ["v128", "v128", "v128"], "v128", subcodes, simd);

const bytesConstant = (bytes: Uint8Array): Expression => ({ type: "v128", emit: (code) => code.vector(bytes) });

/** What every shape has: constants, of which few values are repeated, and its way from and to scalars. */
const shape = <T extends number | bigint>(
  name: string,
  scalar: ValueType,
  Values: { from(values: { length: number }, map: (_: unknown, i: number) => T): { buffer: ArrayBuffer } },
  lanes: number,
  splat: number,
  extract: number,
) => ({
  lanes,
  bytes: 16 / lanes,
  const: (...values: T[]): Expression =>
    bytesConstant(new Uint8Array(Values.from({ length: lanes }, (_, i) => values[i % values.length]!).buffer)),
  ...table<"splat", Unary>(name, [scalar], "v128", { splat }, simd),
  ...mapped(name, { extractLane: extract }, extractLane(scalar), simd),
  ...mapped(name, { replaceLane: extract + 1 }, replaceLane(scalar), simd),
});

/**
 * `min` and `max` are NaN if either is, and −0 < 0; `pseudoMin(a, b)` is b < a ? b : a, `pseudoMax(a, b)` a < b ? b : a,
 * as one instruction of the processor. `relaxedMadd(a, b, c)` is a·b + c, rounded once or twice as the processor likes.
 */
const float = (name: string, compare: number, compute: number, relaxedMadd: number) => ({
  ...binary(name, {
    ...inOrder(compare, "eq", "ne", "lt", "gt", "le", "ge"),
    ...inOrder(compute + 4, "add", "sub", "mul", "div", "min", "max", "pseudoMin", "pseudoMax"),
  }),
  ...unary(name, { abs: compute, neg: compute + 1, sqrt: compute + 3 }),
  ...ternary(name, { relaxedMadd }),
});

function makeV128() {
  return {
    const: bytesConstant,
    ...unary("v128", { not: 77 }),
    /** `andNot(a, b)` is a & ~b. */
    ...binary("v128", { and: 78, andNot: 79, or: 80, xor: 81 }),
    /** `bitselect(a, b, mask)`: bits of a where the mask is set, of b elsewhere. */
    ...ternary("v128", { bitselect: 82 }),
    ...unary("v128", { anyTrue: 83 }, "i32"),
    ...mapped("v128", { load: 0, load32Splat: 9, load64Splat: 10, load32Zero: 92, load64Zero: 93 }, load("v128"), simd),
    ...mapped("v128", { load32Lane: 86, load64Lane: 87 }, loadLane, simd),
    ...mapped("v128", { store: 11 }, store("v128"), simd),
    ...mapped("v128", { store32Lane: 90, store64Lane: 91 }, storeLane, simd),
  };
}

function makeF32x4() {
  return {
    ...shape<number>("f32x4", "f32", Float32Array, 4, 19, 31),
    ...float("f32x4", 65, 0xe0, 0x105),
    ...unary("f32x4", { ...inOrder(103, "ceil", "floor", "trunc", "nearest") }),
    ...unary("f32x4", { demoteF64x2Zero: 94, convertI32x4Signed: 0xfa }),
  };
}

function makeF64x2() {
  return {
    ...shape<number>("f64x2", "f64", Float64Array, 2, 20, 33),
    ...float("f64x2", 71, 0xec, 0x107),
    ...unary("f64x2", { ceil: 0x74, floor: 0x75, trunc: 0x7a, nearest: 0x94 }),
    ...unary("f64x2", { promoteLowF32x4: 95, convertLowI32x4Signed: 0xfe }),
  };
}

function makeI32x4() {
  return {
    ...shape<number>("i32x4", "i32", Int32Array, 4, 17, 27),
    ...binary("i32x4", { eq: 55, ne: 56, ltSigned: 57, leSigned: 61 }),
    ...binary("i32x4", { add: 0xae, sub: 0xb1, mul: 0xb5, minSigned: 0xb6, maxSigned: 0xb8 }),
    ...unary("i32x4", { abs: 0xa0, neg: 0xa1, truncSatF32x4Unsigned: 0xf9, truncSatF64x2UnsignedZero: 0xfd }),
    ...unary("i32x4", { allTrue: 0xa3 }, "i32"),
    ...binary("i32x4", { shl: 0xab, shrUnsigned: 0xad }, "i32"),
  };
}

function makeI64x2() {
  return {
    ...shape<bigint>("i64x2", "i64", BigInt64Array, 2, 18, 29),
    ...binary("i64x2", { eq: 0xd6, add: 0xce, sub: 0xd1 }),
    ...unary("i64x2", { extendLowI32x4Signed: 0xc7 }),
    ...binary("i64x2", { shl: 0xcb, shrUnsigned: 0xcd }, "i32"),
  };
}

export const v128 = /* @__PURE__ */ makeV128();
export const f32x4 = /* @__PURE__ */ makeF32x4();
export const f64x2 = /* @__PURE__ */ makeF64x2();
export const i32x4 = /* @__PURE__ */ makeI32x4();
export const i64x2 = /* @__PURE__ */ makeI64x2();

/** Bytes out of a (0–15) and b (16–31). */
export function shuffleBytes(a: Expression, b: Expression, bytes: readonly number[]): Expression {
  return operation("i8x16.shuffle", simd | 13, "v128", ["v128", "v128"], [a, b], (code) => code.raw(bytes));
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
