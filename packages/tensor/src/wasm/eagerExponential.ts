/** tanh of blocks of float32, rounded just as Math.tanh is. */

import {
  type Expression,
  type FunctionBuilder,
  f32x4,
  f64x2,
  i32,
  i32x4,
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

// A quotient of two polynomials in x² times x, the best of these degrees for all |x| up to the bound, after Remez: with
// the digits given it is off by 2⁻³⁹·⁵ of tanh x at most. Beyond the bound tanh rounds to ±1.
const bound = 9.02;
const numerator = [
  0.9999999999988, 0.14349669163809, 0.0047700686843578, 5.2169627230531e-5, 1.873197033443e-7, 1.5428784730246e-10,
];
const denominator = [
  1, 0.47683002495679, 0.030380077032844, 0.00056977925299611, 3.6321645066843e-6, 6.7805076448713e-9,
  1.6637745512591e-12,
];

// Rounding to float32 drops 29 bits of a float64, and 2²⁸ of them is half-way. An error of 2⁻³⁹ is 2¹⁴ of them at most:
// the rounding is in doubt where what is dropped, and 2²⁸ + 2¹⁴ more, lies below 2¹⁵, modulo 2²⁹.
const shift = 2 ** 28 + 2 ** 14;
const mask = 2 ** 29 - 2 ** 15;

function horner(coefficients: readonly number[], t: Local): Expression {
  const [last, ...others] = coefficients.map((c) => f64x2.const(c)).reverse();
  return others.reduce(
    (sum, c) => (hasFeature("relaxedSimd") ? f64x2.relaxedMadd(t, sum, c) : f64x2.add(c, f64x2.mul(t, sum))),
    last!,
  );
}

/** Two results in float64. */
function quotient(f: FunctionBuilder, two: Expression): Local {
  // One instruction each, unlike min and max, and what is not a number passes.
  const x = f.let(f64x2.pseudoMax(f64x2.pseudoMin(two, f64x2.const(bound)), f64x2.const(-bound)));
  const t = f.let(f64x2.mul(x, x));
  return f.let(f64x2.div(f64x2.mul(x, horner(numerator, t)), horner(denominator, t)));
}

/** Writes results to the third page and the numbers of rounds whose rounding is in doubt to the second; counts these. */
type Tanh = (bytes: number) => number;

const tanhOf = /* @__PURE__ */ lazily<{ readonly tanh: Tanh }>((module) => {
  module.importMemory("e", "m", { initial: 3 });
  module.function({ name: "tanh", parameters: ["i32"], results: ["i32"], exported: true }, (f, bytes) => {
    const doubts = f.let(0);
    forRange(f, 0, bytes, 4 * round, (address) => {
      const [low, high] = [0, 8].map((offset) =>
        quotient(f, f64x2.promoteLowF32x4(v128.load64Zero(address, offset))),
      ) as [Local, Local];
      const rounded = shuffle64(f32x4.demoteF64x2Zero(low), f32x4.demoteF64x2Zero(high), [0, 2]);
      f.do(v128.store(address, rounded, 2 * blockBytes));
      const dropped = shuffle32(low, high, [0, 2, 4, 6]);
      const sure = i32x4.allTrue(v128.and(i32x4.add(dropped, i32x4.const(shift)), i32x4.const(mask)));
      f.if(i32.eqz(sure), () => {
        f.do(i32.store(i32.shl(doubts, 2), i32.shrUnsigned(address, 4), blockBytes));
        f.set(doubts, i32.add(doubts, 1));
      });
    });
    return doubts;
  });
}, blockImports);

/**
 * tanh of float32. Where the error of the quotient could change the rounding, about once in 10⁴ times, Math.tanh decides
 * (Ziv, "Fast evaluation of elementary mathematical functions with correctly rounded last bit", 1991).
 */
export function tanhFloat32(): Kernel | null {
  const made = tanhOf();
  return (
    made &&
    ((bytes) => {
      const { float32, memory } = eagerBlocks();
      const [input, , output] = float32;
      const doubts = new Int32Array(memory.buffer, blockBytes);
      for (let k = made.tanh(bytes) - 1; k >= 0; k--)
        for (let i = doubts[k] * round; i < (doubts[k] + 1) * round; i++) output[i] = Math.tanh(input[i]);
    })
  );
}
