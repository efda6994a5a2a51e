/** Arrays as a loop sees them: a vector at a time, widened to what is computed in and narrowed back. */

import {
  type Expression,
  type FunctionBuilder,
  f32x4,
  f64x2,
  i32,
  i32x4,
  type Local,
  shuffle32,
  shuffleBytes,
  v128,
} from "./assembler/index.js";

export type StreamType = "float32" | "float64" | "int32" | "uint8";
/** What a loop computes in: four lanes of float32 or int32, two of float64. */
export type ComputeType = "float32" | "float64" | "int32";

export interface Stream {
  readonly dtype: StreamType;
  /** Address in bytes: one that is known while compiling costs no addition. */
  readonly base: number | Local;
  /** Every element is the first one: a scalar, broadcast. */
  readonly broadcast?: boolean;
}

/** How far beyond its last element a stream that is read must stay readable, in bytes. */
export const streamSlack = 32;

export const streamBytes: Readonly<Record<StreamType, number>> = { float32: 4, float64: 8, int32: 4, uint8: 1 };
export const lanesOf = (compute: ComputeType): number => (compute === "float64" ? 2 : 4);

const joinHalves = (low: Expression, high: Expression): Expression => shuffle32(low, high, [0, 1, 4, 5]);
/** Bytes 0–3 as four int32. */
const widenBytes = (bytes: Expression): Expression =>
  shuffleBytes(bytes, i32x4.const(0), [0, 16, 16, 16, 1, 16, 16, 16, 2, 16, 16, 16, 3, 16, 16, 16]);

/** The vector at an address, as lanes of the compute type. Numbers beyond int32 saturate, not-a-number becomes 0. */
export function loadVector(compute: ComputeType, dtype: StreamType, address: Expression, offset = 0): Expression {
  if (compute === "float64") {
    if (dtype === "float64") return v128.load(address, offset);
    if (dtype === "float32") return f64x2.promoteLowF32x4(v128.load64Zero(address, offset));
    if (dtype === "int32") return f64x2.convertLowI32x4Signed(v128.load64Zero(address, offset));
    return f64x2.convertLowI32x4Signed(widenBytes(v128.load32Zero(address, offset)));
  }
  const isInteger = compute === "int32";
  if (dtype === "float64") {
    const narrow = (x: Expression): Expression =>
      isInteger ? i32x4.truncSatF64x2SignedZero(x) : f32x4.demoteF64x2Zero(x);
    return joinHalves(narrow(v128.load(address, offset)), narrow(v128.load(address, offset + 16)));
  }
  if (dtype === "float32") {
    const vector = v128.load(address, offset);
    return isInteger ? i32x4.truncSatF32x4Signed(vector) : vector;
  }
  const integers = dtype === "int32" ? v128.load(address, offset) : widenBytes(v128.load32Zero(address, offset));
  return isInteger ? integers : f32x4.convertI32x4Signed(integers);
}

/** The element at an address in every lane of the compute type. */
export function loadSplat(
  f: FunctionBuilder,
  compute: ComputeType,
  dtype: StreamType,
  address: Expression,
  offset = 0,
): Local {
  const vector = f.let(loadVector(compute, dtype, address, offset));
  f.set(vector, shuffle32(vector, vector, compute === "float64" ? [0, 1, 0, 1] : [0, 0, 0, 0]));
  return vector;
}

/**
 * What of a vector of the compute type goes to memory, in lanes of the stream's type. Integers are truncated; uint8
 * keeps the low byte, as a typed array does.
 */
function narrowed(compute: ComputeType, dtype: StreamType, value: Local): Expression {
  if (compute === "float64") {
    if (dtype === "float64") return value;
    if (dtype === "float32") return f32x4.demoteF64x2Zero(value);
    const integers = i32x4.truncSatF64x2SignedZero(value);
    return dtype === "int32" ? integers : lowBytes(integers);
  }
  if (dtype === "float32") return compute === "float32" ? value : f32x4.convertI32x4Signed(value);
  const integers = compute === "int32" ? value : i32x4.truncSatF32x4Signed(value);
  return dtype === "int32" ? integers : lowBytes(integers);
}
const lowBytes = (integers: Expression): Expression =>
  shuffleBytes(integers, i32x4.const(0), [0, 4, 8, 12, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16]);

const widen = (compute: ComputeType, x: Expression): Expression =>
  compute === "float32" ? f64x2.promoteLowF32x4(x) : f64x2.convertLowI32x4Signed(x);

/** Stores a vector, or its first `valid` lanes. */
export function storeVector(
  f: FunctionBuilder,
  compute: ComputeType,
  dtype: StreamType,
  address: Expression,
  value: Local,
  offset = 0,
  valid?: Local,
): void {
  const lanes = lanesOf(compute);
  if (dtype === "float64" && compute !== "float64") {
    // Twice as wide as what it comes from: two vectors.
    const low = f.let(widen(compute, value));
    const high = f.let(widen(compute, shuffle32(value, value, [2, 3, 2, 3])));
    storeLanes(f, "float64", address, [low, low, high, high], offset, 4, valid);
    return;
  }
  const vector = f.let(narrowed(compute, dtype, value));
  storeLanes(f, dtype, address, Array(lanes).fill(vector), offset, lanes, valid);
}

function storeLanes(
  f: FunctionBuilder,
  dtype: StreamType,
  address: Expression,
  vectors: readonly Local[],
  offset: number,
  lanes: number,
  valid: Local | undefined,
): void {
  const bytes = streamBytes[dtype];
  if (valid === undefined && bytes * lanes >= 16) {
    for (let at = 0; at < lanes; at += 16 / bytes) f.do(v128.store(address, vectors[at]!, offset + at * bytes));
    return;
  }
  if (valid === undefined && bytes * lanes >= 4) {
    const store = bytes * lanes === 8 ? v128.store64Lane : v128.store32Lane;
    f.do(store(address, vectors[0]!, 0, offset));
    return;
  }
  for (let lane = 0; lane < lanes; lane++) {
    const at = offset + lane * bytes;
    const vector = vectors[lane]!;
    const write = () => {
      if (bytes === 8) f.do(v128.store64Lane(address, vector, lane % 2, at));
      else if (bytes === 4) f.do(v128.store32Lane(address, vector, lane, at));
      else f.do(v128.store8Lane(address, vector, lane, at));
    };
    if (valid === undefined || lane === 0) write();
    else f.if(i32.gtSigned(valid, i32.const(lane)), write);
  }
}
