/** tanh of blocks of float32, rounded just as Math.tanh is. */

import {
  type Expression,
  type FunctionBuilder,
  f32x4,
  f64x2,
  i32,
  type Local,
  shuffle64,
  v128,
} from "./assembler/index.js";
import { lazily } from "./eagerKernel.js";
import { blockBytes, eagerMemory, type Kernel } from "./eagerLanes.js";
import { forRange } from "./loops.js";

/** Elements that one round of the loop takes. */
const round = 4;

// Lambert's continued fraction (1768), tanh x = x/(1 + x²/(3 + x²/(5 + …))), cut off after 33: a quotient of two
// polynomials in x², each scaled to be 1 at 0. Up to the bound its relative error is below 2⁻³⁹; 2⁻³⁸ is allowed for.
// Beyond the bound tanh rounds to ±1.
const bound = 9.02;
const error = 2 ** -38;
const numerator = [
  1, 0.15151515151515, 0.0059302704463995, 9.1812772569169e-5, 6.5393712656103e-7, 2.219422974995e-9,
  3.3740087792566e-12, 1.8361952540172e-15, 1.5791152855325e-19,
];
const denominator = [
  1, 0.48484848484848, 0.034213098729228, 0.00081796833743441, 8.5011826452934e-6, 4.1851976099906e-8,
  9.649665108674e-11, 9.1809762700861e-14, 2.4160463868648e-17,
];

const horner = (coefficients: readonly number[], t: Local): Expression =>
  coefficients.reduceRight<Expression | undefined>(
    (sum, c) => (sum ? f64x2.add(f64x2.const(c), f64x2.mul(t, sum)) : f64x2.const(c)),
    undefined,
  )!;

/** Two results and the largest change that their error can make, both in float64. */
function quotient(f: FunctionBuilder, two: Expression): [value: Local, change: Local] {
  // One instruction each, unlike min and max, and what is not a number passes.
  const x = f.let(f64x2.pseudoMax(f64x2.pseudoMin(two, f64x2.const(bound)), f64x2.const(-bound)));
  const t = f.let(f64x2.mul(x, x));
  const value = f.let(f64x2.div(f64x2.mul(x, horner(numerator, t)), horner(denominator, t)));
  return [value, f.let(f64x2.mul(f64x2.const(error), value))];
}

/** Writes results to the third page and the numbers of rounds whose rounding is in doubt to the second; counts these. */
type Tanh = (bytes: number) => number;

const tanhOf = /* @__PURE__ */ lazily<{ readonly tanh: Tanh }>(
  (module) => {
    module.importMemory("eager", "memory", { initial: 3 });
    module.function({ name: "tanh", parameters: ["i32"], results: ["i32"], exported: true }, (f, bytes) => {
      const doubts = f.let(i32.const(0));
      forRange(f, i32.const(0), bytes, i32.const(4 * round), (address) => {
        const four = f.let(v128.load(address, 0));
        const low = quotient(f, f64x2.promoteLowF32x4(four));
        const high = quotient(f, f64x2.promoteLowF32x4(shuffle64(four, four, [1, 1])));
        const rounded = (side: typeof f64x2.add): Local => {
          const halves = [low, high].map(([value, change]) => f32x4.demoteF64x2Zero(side(value, change)));
          return f.let(shuffle64(halves[0]!, halves[1]!, [0, 2]));
        };
        const [above, below] = [rounded(f64x2.add), rounded(f64x2.sub)];
        f.do(v128.store(address, above, 2 * blockBytes));
        f.if(v128.anyTrue(f32x4.ne(above, below)), () => {
          f.do(i32.store(i32.shl(doubts, i32.const(2)), i32.shrUnsigned(address, i32.const(4)), blockBytes));
          f.set(doubts, i32.add(doubts, i32.const(1)));
        });
      });
      return doubts;
    });
  },
  () => ({ eager: { memory: eagerMemory() } }),
);

/**
 * tanh of float32. Where the error of the quotient could change the rounding, about once in 10⁵ times, and for what is
 * not a number, Math.tanh decides (Ziv, "Fast evaluation of elementary mathematical functions with correctly rounded
 * last bit", 1991).
 */
export function tanhFloat32(): Kernel | null {
  const made = tanhOf();
  return (
    made &&
    ((bytes) => {
      const { buffer } = eagerMemory();
      const [input, output] = [0, 2].map((k) => new Float32Array(buffer, k * blockBytes));
      const doubts = new Int32Array(buffer, blockBytes);
      for (let k = made.tanh(bytes) - 1; k >= 0; k--)
        for (let i = doubts[k] * round; i < (doubts[k] + 1) * round; i++) output[i] = Math.tanh(input[i]);
    })
  );
}
