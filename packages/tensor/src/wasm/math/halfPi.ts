/**
 * x = n·π/2 + r with |r| ≤ π/4. Up to a million, three parts of π/2 are subtracted (Cody and Waite); beyond, a scalar
 * function multiplies by as many bits of 2/π as are wanted (Payne and Hanek, "Radian reduction for trigonometric
 * functions", SIGNUM 18, 1983), so that every finite argument is reduced to full accuracy.
 */

import {
  call,
  type Expression,
  type FunctionHandle,
  f64,
  f64x2,
  i32,
  i64,
  i64x2,
  type Local,
  type ModuleBuilder,
  select,
  v128,
} from "../assembler/index.js";
import { arithmetic, double, productError, type Site } from "./shape.js";

/** π/2 in parts of 33, 33 and 53 bits. */
const parts = [1.5707963267341256, 6.077100506303966e-11, 2.0222662487959506e-21] as const;
const halfPi = { high: 1.5707963267948966, low: 6.123233995736766e-17 };

export interface Reduced {
  /** r as a sum. */
  readonly high: Local;
  readonly low: Local;
  /** n; its lowest two bits count. */
  readonly quadrant: Local;
}

export function reduceByHalfPi(site: Site, x: Local): Reduced {
  const { c, add, sub, mul, abs, lt, rounder } = { ...arithmetic(double), rounder: double.rounder };
  const { f, module } = site;
  const rounded = f.let(add(mul(x, c(2 / Math.PI)), c(rounder)));
  const n = f.let(sub(rounded, c(rounder)));
  const first = f.let(sub(x, mul(n, c(parts[0]))));
  const second = f.let(mul(n, c(parts[1])));
  const sum = f.let(sub(first, second));
  const lost = f.let(sub(sub(first, sum), second));
  const third = f.let(mul(n, c(parts[2])));
  const high = f.let(sub(sum, third));
  const low = f.let(add(sub(sub(sum, high), third), lost));
  const quadrant = rounded;
  f.if(v128.anyTrue(v128.not(lt(abs(x), c(1e6)))), () => {
    for (const lane of [0, 1]) {
      const [laneHigh, laneLow, laneQuadrant] = [f.local("f64"), f.local("f64"), f.local("i64")];
      const value = f.let(f64x2.extractLane(x, lane));
      f.if(i32.eqz(f64.lt(f64.abs(value), f64.const(1e6))), () => {
        f.callInto([laneHigh, laneLow, laneQuadrant], reduceHuge(module), value);
        f.set(high, f64x2.replaceLane(high, lane, laneHigh));
        f.set(low, f64x2.replaceLane(low, lane, laneLow));
        f.set(quadrant, i64x2.replaceLane(quadrant, lane, laneQuadrant));
      });
    }
  });
  return { high, low, quadrant };
}

/** arctan(1/x)·2^bits. */
function arctanReciprocal(x: bigint, bits: bigint): bigint {
  let power = (1n << bits) / x;
  let sum = power;
  for (let i = 3n; power !== 0n; i += 2n) {
    power /= -x * x;
    sum += power / i;
  }
  return sum;
}

/** 2/π behind 64 zero bits, in words of 64 bits: π by Machin's formula. */
function twoOverPiWords(count: number): bigint[] {
  const bits = BigInt(count * 64 + 64);
  const pi = 4n * (4n * arctanReciprocal(5n, bits) - arctanReciprocal(239n, bits));
  const digits = (1n << (bits + 1n + BigInt((count - 1) * 64))) / pi;
  return Array.from({ length: count }, (_, i) => BigInt.asUintN(64, digits >> BigInt((count - 1 - i) * 64)));
}

/** The word of 2/π at an index; a table without memory. */
function wordFunction(module: ModuleBuilder): FunctionHandle {
  return module.routine("twoOverPi", () =>
    module.function({ name: "twoOverPi", parameters: ["i32"], results: ["i64"] }, (_, index) =>
      twoOverPiWords(21).reduce((rest, word, i) => select(i32.eq(index!, i), i64.const(word), rest), i64.const(0n)),
    ),
  );
}

/** The upper 64 bits of a product of two 64-bit numbers. */
function multiplyHigh({ f }: Site, a: Local, b: Local): Expression {
  const { add, mul, and, shrUnsigned } = i64;
  const [mask, half] = [i64.const(0xffffffffn), i64.const(32n)];
  const [aLow, bLow] = [f.let(and(a, mask)), f.let(and(b, mask))];
  const [aHigh, bHigh] = [f.let(shrUnsigned(a, half)), f.let(shrUnsigned(b, half))];
  const middle = f.let(add(mul(aHigh, bLow), shrUnsigned(mul(aLow, bLow), half)));
  const other = f.let(add(mul(aLow, bHigh), and(middle, mask)));
  return add(mul(aHigh, bHigh), add(shrUnsigned(middle, half), shrUnsigned(other, half)));
}

function reduceHuge(module: ModuleBuilder): FunctionHandle {
  const { add, sub, mul, and, or, xor, shl, shrSigned, shrUnsigned } = i64;
  const { c, ...lanes } = arithmetic(double);
  const word = wordFunction(module);
  const long = (value: number): Expression => i64.const(BigInt(value));
  const signature = { name: "reduceHuge", parameters: ["f64"], results: ["f64", "f64", "i64"] } as const;
  return module.routine("reduceHuge", () =>
    module.function(signature, (f, x) => {
      const site = { module, f };
      const bits = f.let(i64.reinterpretF64(x!));
      const exponent = f.let(i32.wrapI64(and(shrUnsigned(bits, long(52)), long(0x7ff))));
      f.if(i32.eq(exponent, 0x7ff), () => f.return(f64.const(NaN), f64.const(NaN), long(0)));
      // |x| = significand·2^(exponent − 1075); wanted: the fraction of |x|·(2/π)/4, from the bit of weight 1/2 on.
      const significand = f.let(or(and(bits, i64.const((1n << 52n) - 1n)), i64.const(1n << 52n)));
      const start = f.let(i32.sub(exponent, 1075 + 2 - 64));
      const index = f.let(i32.shrUnsigned(start, 6));
      const shift = f.let(i64.extendI32Unsigned(i32.and(start, 63)));
      const raw = [0, 1, 2, 3].map((i) => f.let(call(word, i32.add(index, i))));
      const aligned = [0, 1, 2].map((i) =>
        f.let(or(shl(raw[i]!, shift), shrUnsigned(shrUnsigned(raw[i + 1]!, long(1)), sub(long(63), shift)))),
      );
      const carried = f.let(multiplyHigh(site, significand, aligned[2]!));
      const upper = f.let(multiplyHigh(site, significand, aligned[1]!));
      const second = f.let(add(mul(significand, aligned[1]!), carried));
      const carry = i64.extendI32Unsigned(i64.ltUnsigned(second, carried));
      const first = f.let(add(add(mul(significand, aligned[0]!), upper), carry));
      // Two bits of quadrant, then a signed fraction of π/2 in [−1/2, 1/2).
      const fraction = f.let(or(shl(first, long(2)), shrUnsigned(second, long(62))));
      const fractionLow = f.let(shl(second, long(2)));
      const negative = f.let(shrSigned(fraction, long(63)));
      const quadrant = f.let(sub(shrUnsigned(first, long(62)), negative));
      f.set(fraction, xor(fraction, negative));
      f.set(fractionLow, xor(fractionLow, negative));
      // No float64 is closer than 2⁻⁶² to a multiple of π/2, so the upper word is not zero.
      const zeros = f.let(i64.countLeadingZeros(fraction));
      const tail = shrUnsigned(shrUnsigned(fractionLow, long(1)), sub(long(63), zeros));
      const top = f.let(or(shl(fraction, zeros), tail));
      const rest = or(shl(top, long(53)), shrUnsigned(shl(fractionLow, zeros), long(11)));
      const wide = (whole: Expression, scale: number): Local =>
        f.let(lanes.mul(f64x2.splat(f64.convertI64Unsigned(whole)), c(scale)));
      const a = wide(shrUnsigned(top, long(11)), 2 ** -53);
      const aLow = wide(rest, 2 ** -117);
      const factor = f.let(c(halfPi.high));
      const product = f.let(lanes.mul(a, factor));
      const lost = productError(site, double, a, factor, product);
      const error = f.let(lanes.add(lost, lanes.add(lanes.mul(a, c(halfPi.low)), lanes.mul(aLow, factor))));
      const high = f.let(lanes.add(product, error));
      const low = lanes.sub(error, lanes.sub(high, product));
      const turned = f.let(shrSigned(bits, long(63)));
      const sign = shl(xor(negative, turned), long(63));
      const scale = f.let(i64x2.splat(or(shl(sub(long(1023), zeros), long(52)), sign)));
      const scaled = (value: Expression): Expression => f64x2.extractLane(lanes.mul(value, scale), 0);
      return [scaled(high), scaled(low), sub(xor(quadrant, turned), turned)];
    }),
  );
}
