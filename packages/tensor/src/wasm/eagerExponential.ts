/** exp, tanh and sigmoid of blocks of float32, rounded just as float64's are. */

import { sigmoid } from "../special.js";
import {
  type Expression,
  type FunctionBuilder,
  f32x4,
  f64x2,
  i32,
  i32x4,
  i64x2,
  type Local,
  shuffle32,
  shuffle64,
  v128,
} from "./assembler/index.js";
import { lazily } from "./eagerKernel.js";
import { blockBytes, blockImports, eagerBlocks, type Kernel } from "./eagerLanes.js";
import { hasFeature } from "./features.js";
import { forRange } from "./loops.js";

/** Elements that one round of the loop takes. */
const round = 4;

// Rounding to float32 drops 29 bits of a float64, and 2²⁸ of them is half-way. An error of 2⁻³⁹ is 2¹⁴ of them at most:
// the rounding is in doubt where what is dropped, and 2²⁸ + 2¹⁴ more, lies below 2¹⁵, modulo 2²⁹.
const shift = 2 ** 28 + 2 ** 14;
const mask = 2 ** 29 - 2 ** 15;

/** To add it rounds to a whole number, and leaves that plus 1023, an exponent, in the lowest bits. */
const whole = 2 ** 52 + 2 ** 51 + 1023;

/** Of r coth(r / 2), in powers of r²: for |r| up to log 2 / 2 what is left out is 2⁻⁴¹ of the results below at most. */
const series = [2, 1 / 6, -1 / 360, 1 / 15120, -1 / 604800];

const multiplyAdd = (a: Expression, b: Expression, c: Expression): Expression =>
  hasFeature("relaxedSimd") ? f64x2.relaxedMadd(a, b, c) : f64x2.add(f64x2.mul(a, b), c);

/**
 * s = 2ᵏ, c = r coth(r / 2) and r, where x = k log 2 + r: eˣ is s (c + r) / (c − r).
 * Beyond ±128, where x is cut off, float32 has infinity and 0 for it.
 */
function parts(f: FunctionBuilder, two: Expression): readonly [s: Local, c: Local, r: Local] {
  // One instruction each, unlike min and max, and what is not a number passes.
  const x = f.let(f64x2.pseudoMax(f64x2.pseudoMin(two, f64x2.const(128)), f64x2.const(-128)));
  const k = f.let(f64x2.add(f64x2.mul(x, f64x2.const(Math.LOG2E)), f64x2.const(whole)));
  const r = f.let(f64x2.sub(x, f64x2.mul(f64x2.sub(k, f64x2.const(whole)), f64x2.const(Math.LN2))));
  const square = f.let(f64x2.mul(r, r));
  const c = series
    .map((coefficient) => f64x2.const(coefficient))
    .reduceRight((sum, next) => multiplyAdd(square, sum, next));
  return [f.let(i64x2.shl(k, 52)), f.let(c), r];
}

/** Writes results to the third page and where rounds begin whose rounding is in doubt to the second; counts these. */
type Rounds = (bytes: number) => number;

/**
 * A function of float32, by two results in float64 that are off by 2⁻³⁹ at most. Where that could change the rounding,
 * about once in 10⁴ times, `one` decides (Ziv, "Fast evaluation of elementary mathematical functions with correctly
 * rounded last bit", 1991), as between −104.1 and −87.3, where exponentials are small numbers of which rounding drops
 * more bits.
 */
function rounded(
  two: (f: FunctionBuilder, x: Expression) => Expression,
  one: (x: number) => number,
): () => Kernel | null {
  const made = lazily<{ readonly rounds: Rounds }>((module) => {
    module.importMemory("e", "m", { initial: 3 });
    module.function({ name: "rounds", parameters: ["i32"], results: ["i32"], exported: true }, (f, bytes) => {
      const doubts = f.let(0);
      forRange(f, 0, bytes, 4 * round, (address) => {
        const [low, high] = [0, 8].map((offset) =>
          f.let(two(f, f64x2.promoteLowF32x4(v128.load64Zero(address, offset)))),
        ) as [Local, Local];
        const results = shuffle64(f32x4.demoteF64x2Zero(low), f32x4.demoteF64x2Zero(high), [0, 2]);
        f.do(v128.store(address, results, 2 * blockBytes));
        const dropped = shuffle32(low, high, [0, 2, 4, 6]);
        const clear = v128.and(i32x4.add(dropped, i32x4.const(shift)), i32x4.const(mask));
        const small = f32x4.lt(f32x4.abs(f32x4.add(v128.load(address), f32x4.const(95.7))), f32x4.const(8.4));
        const sure = i32x4.allTrue(v128.andNot(clear, small));
        f.if(i32.eqz(sure), () => {
          f.do(i32.store(i32.shl(doubts, 2), i32.shrUnsigned(address, 2), blockBytes));
          f.set(doubts, i32.add(doubts, 1));
        });
      });
      return doubts;
    });
  }, blockImports);
  return () => {
    const exports = made();
    return (
      exports &&
      ((bytes) => {
        const { float32, memory } = eagerBlocks();
        const [input, , output] = float32;
        const doubts = new Int32Array(memory.buffer, blockBytes);
        for (let k = exports.rounds(bytes) - 1; k >= 0; k--)
          for (let at = doubts[k], end = at + round; at < end; at++) output[at] = one(input[at]);
      })
    );
  };
}

export const expFloat32 = /* @__PURE__ */ rounded((f, x) => {
  const [s, c, r] = parts(f, x);
  return f64x2.mul(s, f64x2.div(f64x2.add(c, r), f64x2.sub(c, r)));
}, Math.exp);

export const sigmoidFloat32 = /* @__PURE__ */ rounded((f, x) => {
  const [s, c, r] = parts(f, x);
  const numerator = f.let(f64x2.mul(s, f64x2.add(c, r)));
  return f64x2.div(numerator, f64x2.add(numerator, f64x2.sub(c, r)));
}, sigmoid);

export const tanhFloat32 = /* @__PURE__ */ rounded((f, x) => {
  // e²ˣ − 1 over e²ˣ + 1, without taking nearly equal numbers from each other.
  const [s, c, r] = parts(f, f64x2.mul(x, f64x2.const(2)));
  // −0 where s is 1, so that −0 keeps its sign.
  const less = f.let(f64x2.neg(f64x2.sub(f64x2.const(1), s)));
  const more = f.let(f64x2.add(s, f64x2.const(1)));
  return f64x2.div(multiplyAdd(less, c, f64x2.mul(more, r)), multiplyAdd(more, c, f64x2.mul(less, r)));
}, Math.tanh);
