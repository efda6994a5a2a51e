import type { DType } from "../../dtype.js";
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

/** How many elements a vector of this loop holds, and as what real numbers are computed. */
export interface Lanes {
  readonly count: 2 | 4;
  readonly dtype: "float32" | "float64";
  readonly float: typeof f32x4 | typeof f64x2;
}

export const single: () => Lanes = () => ({ count: 4, dtype: "float32", float: f32x4 });
export const double: () => Lanes = () => ({ count: 2, dtype: "float64", float: f64x2 });

/** A value of the loop: real numbers in the loop's lanes, or whole ones in as many lanes of 32 bits. */
export interface Vector {
  readonly type: "float" | "integer";
  readonly local: Local;
  /** For a truth value: all bits of a float lane where it holds. */
  readonly mask?: Local;
  /** For what is the same number in every lane, known when the code is written. */
  readonly constant?: number;
}

/** Where an element stands: a pointer in bytes (undefined: 0) and what is added to it. */
export interface Place {
  readonly pointer: Expression | undefined;
  readonly offset: number;
}

const at = ({ pointer }: Place): Operand => pointer ?? 0;

/**
 * Loads a vector whose lanes are `stride` elements apart. Only the first `valid` lanes need to exist; the others hold
 * anything.
 */
export function loadVector(
  site: Site,
  lanes: Lanes,
  dtype: DType,
  place: Place,
  stride: number,
  valid: number,
): Vector {
  const { f } = site;
  const { offset } = place;
  const pointer = f.let(at(place));
  const local = (value: Expression) => f.let(value);
  const step = stride * { uint8: 1, int32: 4, float32: 4, float64: 8 }[dtype];
  if (dtype === "float64") {
    if (stride === 0 || valid === 1) return real(local(v128.load64Splat(pointer, offset)));
    if (stride === 1) return real(local(v128.load(pointer, offset)));
    return real(local(v128.load64Lane(far(pointer, step), v128.load64Zero(pointer, offset), 1, offset)));
  }
  if (dtype === "uint8") {
    const bytes = Array.from({ length: valid }, (_, k) => i32.load8Unsigned(far(pointer, k * step), offset));
    if (stride === 0) return whole(local(i32x4.splat(bytes[0])));
    let vector: Expression = i32x4.splat(bytes[0]);
    for (let k = 1; k < Math.min(valid, lanes.count); k++) vector = i32x4.replaceLane(vector, k, bytes[k]);
    return whole(local(vector));
  }
  const wide = words(pointer, offset, step, stride, valid, lanes.count);
  if (dtype === "int32") return whole(local(wide));
  return real(local(lanes.count === 4 ? wide : f64x2.promoteLowF32x4(wide)));
}

const real = (local: Local): Vector => ({ type: "float", local });
const whole = (local: Local): Vector => ({ type: "integer", local });
const far = (pointer: Expression, bytes: number): Expression => (bytes === 0 ? pointer : i32.add(pointer, bytes));

/** Lanes of four bytes each. */
function words(pointer: Local, offset: number, step: number, stride: number, valid: number, count: number): Expression {
  if (stride === 0 || valid === 1) return v128.load32Splat(pointer, offset);
  if (stride === 1) return count === 4 ? v128.load(pointer, offset) : v128.load64Zero(pointer, offset);
  // Every second element, as in pooling: the other ones, and a few beyond, are read and left out.
  if (stride === 2 && count === 4)
    return shuffle32(v128.load(pointer, offset), v128.load(pointer, offset + 16), [0, 2, 4, 6]);
  let vector: Expression = v128.load32Zero(pointer, offset);
  for (let k = 1; k < Math.min(valid, count); k++) vector = v128.load32Lane(far(pointer, k * step), vector, k, offset);
  return vector;
}

/** Stores the first `valid` lanes, `stride` elements apart, as this element type. */
export function storeVector(
  site: Site,
  lanes: Lanes,
  dtype: DType,
  value: Vector,
  place: Place,
  stride: number,
  valid: number,
): void {
  const { f } = site;
  const { offset } = place;
  const pointer = f.let(at(place));
  if (dtype === "float64") {
    const vector = asFloat(site, lanes, value).local;
    if (lanes.count !== 2) throw new Error("compile: float64 needs lanes of two");
    if (stride === 1 && valid === 2) f.do(v128.store(pointer, vector, offset));
    else for (let k = 0; k < valid; k++) f.do(v128.store64Lane(far(pointer, k * stride * 8), vector, k, offset));
    return;
  }
  if (dtype === "uint8") {
    const vector = asInteger(site, lanes, value).local;
    for (let k = 0; k < valid; k++) f.do(i32.store8(far(pointer, k * stride), i32x4.extractLane(vector, k), offset));
    return;
  }
  const vector =
    dtype === "int32"
      ? asInteger(site, lanes, value).local
      : lanes.count === 4
        ? asFloat(site, lanes, value).local
        : f.let(f32x4.demoteF64x2Zero(asFloat(site, lanes, value).local));
  if (stride === 1 && valid === 4) f.do(v128.store(pointer, vector, offset));
  else if (stride === 1 && valid === 2) f.do(v128.store64Lane(pointer, vector, 0, offset));
  else for (let k = 0; k < valid; k++) f.do(v128.store32Lane(far(pointer, k * stride * 4), vector, k, offset));
}

/** A real number in every lane. */
export const constantVector = ({ f }: Pick<Site, "f">, lanes: Lanes, value: number): Vector => ({
  ...real(f.let(lanes.float.const(value))),
  constant: value,
});

export function asFloat({ f }: Pick<Site, "f">, lanes: Lanes, value: Vector): Vector {
  if (value.type === "float") return value;
  if (value.constant !== undefined) return constantVector({ f }, lanes, value.constant);
  return real(
    f.let(lanes.count === 4 ? f32x4.convertI32x4Signed(value.local) : f64x2.convertLowI32x4Signed(value.local)),
  );
}

/** The number as float32 has it. */
export function asSingle(site: Site, lanes: Lanes, value: Vector): Vector {
  const wide = asFloat(site, lanes, value);
  return lanes.count === 4 ? wide : real(site.f.let(f64x2.promoteLowF32x4(f32x4.demoteF64x2Zero(wide.local))));
}

/** The whole part modulo 2³², as typed arrays store it; 0 for not-a-number and infinities. */
export function asInteger({ f }: Site, lanes: Lanes, value: Vector): Vector {
  if (value.type === "integer") return value;
  const { float } = lanes;
  const x = value.local;
  // What is left of 2³², with the sign of x: exact, as both are multiples of x's last place.
  const times = float.trunc(float.mul(x, float.const(2 ** -32)));
  const rest = f.let(float.sub(x, float.mul(times, float.const(2 ** 32))));
  const size = float.abs(rest);
  const negative = f.let(float.lt(rest, float.const(0)));
  if (lanes.count === 4)
    return whole(f.let(i32x4.sub(v128.xor(i32x4.truncSatF32x4Unsigned(size), negative), negative)));
  const narrow = f.let(shuffle32(negative, negative, [0, 2, 0, 2]));
  return whole(f.let(i32x4.sub(v128.xor(i32x4.truncSatF64x2UnsignedZero(size), narrow), narrow)));
}

/** All bits of a lane as wide as a real number where the value is not 0. */
export function maskOf({ f }: Site, lanes: Lanes, value: Vector): Local {
  if (value.mask) return value.mask;
  if (value.type === "float") return f.let(lanes.float.ne(value.local, lanes.float.const(0)));
  const narrow = i32x4.ne(value.local, i32x4.const(0));
  return f.let(lanes.count === 4 ? narrow : i64x2.extendLowI32x4Signed(narrow));
}

/** 0 or 1, from a mask. */
export function truth({ f }: Site, lanes: Lanes, mask: Local): Vector {
  const narrow = lanes.count === 4 ? mask : shuffle32(mask, mask, [0, 2, 0, 2]);
  return { type: "integer", mask, local: f.let(v128.and(narrow, i32x4.const(1))) };
}

/** A counter times a factor that is known. */
export function scaled(counter: Local, factor: number): Expression {
  if (factor === 1) return counter;
  const power = Math.log2(factor);
  return Number.isInteger(power) ? i32.shl(counter, power) : i32.mul(counter, factor);
}
