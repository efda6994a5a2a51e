import { bytesPerElement, type DType } from "../../dtype.js";
import {
  type Expression,
  f32x4,
  f64x2,
  i32,
  i32x4,
  i64x2,
  type Local,
  type Operand,
  shuffle32,
  v128,
} from "../../wasm/assembler/index.js";
import type { Site } from "../../wasm/math/shape.js";

/** Where a loop is written, how many elements its vectors hold, and as what real numbers are computed. */
export interface Lanes extends Site {
  readonly count: 2 | 4;
  readonly dtype: "float32" | "float64";
  readonly float: typeof f32x4 | typeof f64x2;
}

export const single = (site: Site): Lanes => ({ ...site, count: 4, dtype: "float32", float: f32x4 });
export const double = (site: Site): Lanes => ({ ...site, count: 2, dtype: "float64", float: f64x2 });

/** A value of the loop: real numbers in the loop's lanes, or whole ones in as many lanes of 32 bits. */
export interface Vector {
  readonly type: "float" | "integer";
  readonly local: Local;
  /** For a truth value: all bits of a float lane where it holds. */
  readonly mask?: Local;
  /** For what is the same number in every lane, known when the code is written. */
  readonly constant?: number;
}

export const real = ({ f }: Lanes, value: Expression): Vector => ({ type: "float", local: f.let(value) });
export const whole = ({ f }: Lanes, value: Expression): Vector => ({ type: "integer", local: f.let(value) });

/** Where an element stands: a pointer in bytes (undefined: 0) and what is added to it. */
export interface Place {
  readonly pointer: Operand | undefined;
  readonly offset: number;
}

const far = (pointer: Expression, bytes: number): Expression => (bytes === 0 ? pointer : i32.add(pointer, bytes));

/**
 * Loads a vector whose lanes are `stride` elements apart. Only the first `valid` lanes need to exist; the others hold
 * anything.
 */
export function loadVector(
  lanes: Lanes,
  dtype: DType,
  { pointer = 0, offset }: Place,
  stride: number,
  valid: number,
): Vector {
  const { f, count } = lanes;
  const bytes = bytesPerElement[dtype];
  const start = f.let(pointer);
  const { load, load32Splat, load64Splat, load32Zero, load64Zero, load32Lane, load64Lane } = v128;
  const most = stride === 0 ? 1 : Math.min(valid, count);
  const gather = (first: Expression, add: (vector: Expression, k: number, at: Expression) => Expression) => {
    let vector = first;
    for (let k = 1; k < most; k++) vector = add(vector, k, far(start, k * stride * bytes));
    return vector;
  };
  let vector: Expression;
  if (bytes === 1)
    vector = gather(i32x4.splat(i32.load8Unsigned(start, offset)), (to, k, at) =>
      i32x4.replaceLane(to, k, i32.load8Unsigned(at, offset)),
    );
  else if (most === 1) vector = (bytes === 8 ? load64Splat : load32Splat)(start, offset);
  else if (stride === 1) vector = (bytes * count === 16 ? load : load64Zero)(start, offset);
  // Every second element, as in pooling: the other ones, and a few beyond, are read and left out.
  else if (stride === 2 && count === 4) vector = shuffle32(load(start, offset), load(start, offset + 16), [0, 2, 4, 6]);
  else {
    const [zero, lane] = bytes === 8 ? [load64Zero, load64Lane] : [load32Zero, load32Lane];
    vector = gather(zero(start, offset), (to, k, at) => lane(at, to, k, offset));
  }
  if (dtype === "uint8" || dtype === "int32") return whole(lanes, vector);
  return real(lanes, dtype === "float32" && count === 2 ? f64x2.promoteLowF32x4(vector) : vector);
}

/** Stores the first `valid` lanes, `stride` elements apart, as this element type. */
export function storeVector(
  lanes: Lanes,
  dtype: DType,
  value: Vector,
  { pointer = 0, offset }: Place,
  stride: number,
  valid: number,
): void {
  const { f, count } = lanes;
  const bytes = bytesPerElement[dtype];
  const start = f.let(pointer);
  const typed = dtype === "uint8" || dtype === "int32" ? asInteger(lanes, value) : asFloat(lanes, value);
  const vector = dtype === "float32" && count === 2 ? f.let(f32x4.demoteF64x2Zero(typed.local)) : typed.local;
  const { store, store32Lane, store64Lane } = v128;
  if (stride === 1 && bytes * valid === 16) f.do(store(start, vector, offset));
  else if (stride === 1 && bytes * valid === 8) f.do(store64Lane(start, vector, 0, offset));
  else
    for (let k = 0; k < valid; k++) {
      const at = far(start, k * stride * bytes);
      if (bytes === 1) f.do(i32.store8(at, i32x4.extractLane(vector, k), offset));
      else f.do((bytes === 8 ? store64Lane : store32Lane)(at, vector, k, offset));
    }
}

/** A real number in every lane. */
export const constantVector = (lanes: Lanes, value: number): Vector => ({
  ...real(lanes, lanes.float.const(value)),
  constant: value,
});

export function asFloat(lanes: Lanes, value: Vector): Vector {
  if (value.type === "float") return value;
  if (value.constant !== undefined) return constantVector(lanes, value.constant);
  const convert = lanes.count === 4 ? f32x4.convertI32x4Signed : f64x2.convertLowI32x4Signed;
  return real(lanes, convert(value.local));
}

/** The number as float32 has it. */
export function asSingle(lanes: Lanes, value: Vector): Vector {
  const wide = asFloat(lanes, value);
  return lanes.count === 4 ? wide : real(lanes, f64x2.promoteLowF32x4(f32x4.demoteF64x2Zero(wide.local)));
}

/** The whole part modulo 2³², as typed arrays store it; 0 for not-a-number and infinities. */
export function asInteger(lanes: Lanes, value: Vector): Vector {
  if (value.type === "integer") return value;
  const { f, float } = lanes;
  const x = value.local;
  // What is left of 2³², with the sign of x: exact, as both are multiples of x's last place.
  const times = float.trunc(float.mul(x, float.const(2 ** -32)));
  const rest = f.let(float.sub(x, float.mul(times, float.const(2 ** 32))));
  const truncate = lanes.count === 4 ? i32x4.truncSatF32x4Unsigned : i32x4.truncSatF64x2UnsignedZero;
  const size = truncate(float.abs(rest));
  const negative = narrow(lanes, f.let(float.lt(rest, float.const(0))));
  return whole(lanes, i32x4.sub(v128.xor(size, negative), negative));
}

/** A mask of lanes of 32 bits, from one of real numbers' lanes. */
const narrow = ({ f, count }: Lanes, mask: Local): Local =>
  count === 4 ? mask : f.let(shuffle32(mask, mask, [0, 2, 0, 2]));

/** The way back. */
export const widen = ({ f, count }: Lanes, mask: Expression): Local =>
  f.let(count === 4 ? mask : i64x2.extendLowI32x4Signed(mask));

/** All bits of a lane as wide as a real number where the value is not 0. */
export function maskOf(lanes: Lanes, value: Vector): Local {
  const { f, float } = lanes;
  if (value.mask) return value.mask;
  return value.type === "float"
    ? f.let(float.ne(value.local, float.const(0)))
    : widen(lanes, i32x4.ne(value.local, i32x4.const(0)));
}

/** 0 or 1, from a mask. */
export const truth = (lanes: Lanes, mask: Local): Vector => ({
  ...whole(lanes, v128.and(narrow(lanes, mask), i32x4.const(1))),
  mask,
});

/** A counter times a factor that is known. */
export function scaled(counter: Local, factor: number): Expression {
  if (factor === 1) return counter;
  const power = Math.log2(factor);
  return Number.isInteger(power) ? i32.shl(counter, power) : i32.mul(counter, factor);
}
