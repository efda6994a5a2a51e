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
  type Shift,
  store,
  storeLane,
  type Ternary,
  table,
  type Unary,
  type ValueType,
} from "./expression.js";

/** The prefix that these instructions have in common. */
const simd = 0xfd0000;

const unary = <N extends string>(subcodes: Readonly<Record<N, number>>, result: ValueType = "v128") =>
  table<N, Unary>(result, subcodes, simd);
const binary = <N extends string>(subcodes: Readonly<Record<N, number>>) => table<N, Binary>("v128", subcodes, simd);
const shift = <N extends string>(subcodes: Readonly<Record<N, number>>) => table<N, Shift>("v128", subcodes, simd);
const ternary = <N extends string>(subcodes: Readonly<Record<N, number>>) => table<N, Ternary>("v128", subcodes, simd);

const bytesConstant = (bytes: Uint8Array): Expression => ({ type: "v128", emit: (code) => code.vector(bytes) });

/** What every shape has: constants, of which few values are repeated, and its way from and to scalars. */
const shape = <T extends number | bigint>(
  scalar: ValueType,
  Values: { from(values: { length: number }, map: (_: unknown, i: number) => T): { buffer: ArrayBuffer } },
  lanes: number,
  splat: number,
  extract: number,
) => ({
  const: (...values: T[]): Expression =>
    bytesConstant(new Uint8Array(Values.from({ length: lanes }, (_, i) => values[i % values.length]!).buffer)),
  ...unary({ splat }),
  ...mapped({ extractLane: extract }, extractLane(scalar), simd),
  ...mapped({ replaceLane: extract + 1 }, replaceLane, simd),
});

/**
 * `min` and `max` are NaN if either is, and −0 < 0; `pseudoMin(a, b)` is b < a ? b : a, `pseudoMax(a, b)` a < b ? b : a,
 * as one instruction of the processor. `relaxedMadd(a, b, c)` is a·b + c, rounded once or twice as the processor likes.
 */
const float = (compare: number, compute: number, relaxedMadd: number) => ({
  ...binary({
    ...inOrder(compare, "eq", "ne", "lt", "gt", "le", "ge"),
    ...inOrder(compute + 4, "add", "sub", "mul", "div", "min", "max", "pseudoMin", "pseudoMax"),
  }),
  ...unary({ abs: compute, neg: compute + 1, sqrt: compute + 3 }),
  ...ternary({ relaxedMadd }),
});

function makeV128() {
  return {
    ...unary({ not: 77 }),
    /** `andNot(a, b)` is a & ~b. */
    ...binary({ and: 78, andNot: 79, or: 80, xor: 81 }),
    /** `bitselect(a, b, mask)`: bits of a where the mask is set, of b elsewhere. */
    ...ternary({ bitselect: 82 }),
    ...unary({ anyTrue: 83 }, "i32"),
    ...mapped({ load: 0, load32Splat: 9, load64Splat: 10, load32Zero: 92, load64Zero: 93 }, load("v128"), simd),
    ...mapped({ load32Lane: 86, load64Lane: 87 }, loadLane, simd),
    ...mapped({ store: 11 }, store, simd),
    ...mapped({ store32Lane: 90, store64Lane: 91 }, storeLane, simd),
  };
}

function makeF32x4() {
  return {
    ...shape<number>("f32", Float32Array, 4, 19, 31),
    ...float(65, 0xe0, 0x105),
    ...unary({ ...inOrder(103, "ceil", "floor", "trunc", "nearest"), demoteF64x2Zero: 94, convertI32x4Signed: 0xfa }),
  };
}

function makeF64x2() {
  return {
    ...shape<number>("f64", Float64Array, 2, 20, 33),
    ...float(71, 0xec, 0x107),
    ...unary({ ceil: 0x74, floor: 0x75, trunc: 0x7a, nearest: 0x94, promoteLowF32x4: 95, convertLowI32x4Signed: 0xfe }),
  };
}

function makeI32x4() {
  return {
    ...shape<number>("i32", Int32Array, 4, 17, 27),
    ...binary({ eq: 55, ne: 56, ltSigned: 57, leSigned: 61 }),
    ...shift({ shl: 0xab, shrUnsigned: 0xad }),
    ...binary({ add: 0xae, sub: 0xb1, mul: 0xb5, minSigned: 0xb6, maxSigned: 0xb8 }),
    ...unary({ abs: 0xa0, neg: 0xa1, truncSatF32x4Unsigned: 0xf9, truncSatF64x2UnsignedZero: 0xfd }),
    ...unary({ allTrue: 0xa3 }, "i32"),
  };
}

function makeI64x2() {
  return {
    ...shape<bigint>("i64", BigInt64Array, 2, 18, 29),
    ...binary({ eq: 0xd6, add: 0xce, sub: 0xd1 }),
    ...shift({ shl: 0xcb, shrUnsigned: 0xcd }),
    ...unary({ extendLowI32x4Signed: 0xc7 }),
  };
}

export const v128 = /* @__PURE__ */ makeV128();
export const f32x4 = /* @__PURE__ */ makeF32x4();
export const f64x2 = /* @__PURE__ */ makeF64x2();
export const i32x4 = /* @__PURE__ */ makeI32x4();
export const i64x2 = /* @__PURE__ */ makeI64x2();

/** Bytes out of a (0–15) and b (16–31). */
export function shuffleBytes(a: Expression, b: Expression, bytes: readonly number[]): Expression {
  return operation(simd | 13, "v128", [a, b], (code) => code.raw(bytes));
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
