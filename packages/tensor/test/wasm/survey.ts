import {
  call,
  f32x4,
  f64x2,
  i32,
  i32x4,
  i64x2,
  ModuleBuilder,
  shuffle32,
  v128,
} from "../../src/wasm/assembler/index.js";
import { mathRoutine, type UnaryRoutineName } from "../../src/wasm/math/index.js";
import { float32Error } from "./routines.js";

// All 2³² arguments of a float32 routine beside the float64 routine, which is itself held to 2 units of a value to
// hundreds of digits. WebAssembly compares a block of arguments at a time; a block with anything that is not plainly as
// good as what was seen before is gone through again here.

const block = 1 << 16;

/** suspicious(first): whether a float32 of the block that begins with these bits may be more than `limit` steps off. */
function compileSurvey(name: UnaryRoutineName, against: UnaryRoutineName) {
  const module = new ModuleBuilder();
  module.memory({ initial: 1 });
  const narrow = mathRoutine(module, name, "float32");
  const wide = mathRoutine(module, against, "float64");
  module.function({ name: "narrow", parameters: ["i32"], results: [], exported: true }, (f, x): undefined => {
    f.do(v128.store(0, call(narrow, i32x4.splat(x!))));
  });
  module.function({ name: "wide", parameters: ["i32"], results: [], exported: true }, (f, x): undefined => {
    f.do(v128.store(0, call(wide, f64x2.promoteLowF32x4(i32x4.splat(x!)))));
  });
  const survey = { name: "suspicious", parameters: ["i32", "f64"] as const, results: ["i32"] as const, exported: true };
  module.function(survey, (f, first, limit) => {
    const found = f.let(i32x4.const(0));
    const most = f.let(f64x2.splat(limit!));
    const bits = f.let(i32x4.add(i32x4.splat(first!), i32x4.const(0, 1, 2, 3)));
    const left = f.let(block);
    f.loop((again) => {
      f.scope(() => {
        const y = f.let(call(narrow, bits));
        for (const half of [0, 1] as const) {
          const lanes = half === 0 ? ([0, 1, 0, 1] as const) : ([2, 3, 2, 3] as const);
          const x = f64x2.promoteLowF32x4(shuffle32(bits, bits, lanes));
          const expected = f.let(call(wide, x));
          const result = f.let(f64x2.promoteLowF32x4(shuffle32(y, y, lanes)));
          const exponent = v128.and(expected, i64x2.const(0x7ff0000000000000n));
          // A step is 2⁻²³ of the power of two below, but no less than 2⁻¹⁴⁹.
          const step = f64x2.max(f64x2.mul(exponent, f64x2.const(2 ** -23)), f64x2.const(2 ** -149));
          const close = f64x2.le(f64x2.abs(f64x2.sub(result, expected)), f64x2.mul(step, most));
          const signs = v128.xor(result, expected);
          const alike = i64x2.eq(v128.and(signs, f64x2.const(-0)), i64x2.const(0n));
          const rounded = f64x2.promoteLowF32x4(f32x4.demoteF64x2Zero(expected));
          const same = i64x2.eq(result, rounded);
          const neither = v128.and(f64x2.ne(result, result), f64x2.ne(expected, expected));
          const good = v128.or(v128.or(v128.and(close, alike), same), neither);
          f.set(found, v128.or(found, v128.not(good)));
        }
      });
      f.set(bits, i32x4.add(bits, i32x4.const(4)));
      f.set(left, i32.sub(left, 4));
      f.branchIf(again, left);
    });
    return v128.anyTrue(found);
  });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.encode()));
  return exports as unknown as {
    readonly memory: WebAssembly.Memory;
    readonly narrow: (bits: number) => void;
    readonly wide: (bits: number) => void;
    readonly suspicious: (first: number, limit: number) => number;
  };
}

interface Survey {
  /** The routine whose float64 form is right; the same one unless given. */
  readonly against?: UnaryRoutineName;
  /** Patterns of arguments, in whole blocks; all of them unless given. */
  readonly from?: number;
  readonly to?: number;
}

/** The largest error over the arguments, in units in the last place, and where it is. */
export function surveyRoutine(name: UnaryRoutineName, { against = name, from = 0, to = 2 ** 32 }: Survey = {}) {
  const { memory, narrow, wide, suspicious } = compileSurvey(name, against);
  const found = new Float32Array(memory.buffer, 0, 1);
  const expected = new Float64Array(memory.buffer, 0, 1);
  const pattern = new Uint32Array(1);
  const argument = new Float32Array(pattern.buffer);
  let [worst, at] = [0, 0];
  for (let first = from; first < to; first += block) {
    if (!suspicious(first, worst)) continue;
    for (let k = 0; k < block; k++) {
      pattern[0] = first + k;
      narrow(first + k);
      const value = found[0]!;
      wide(first + k);
      const error = float32Error(value, expected[0]!);
      if (error > worst) [worst, at] = [error, argument[0]!];
    }
  }
  return { worst, at };
}
