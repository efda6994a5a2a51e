import { describe, expect, test } from "vitest";
import { erf, erfc, gelu, power, sigmoid, softplus } from "../../src/special.js";
import { mathRoutines, type UnaryRoutineName, unaryRoutineNames } from "../../src/wasm/math/index.js";
import { compileRoutine, float32Error, runBinary, runUnary } from "./routines.js";

/** The functions in float64: more than enough digits to judge float32 by. */
const references: Record<UnaryRoutineName, (x: number) => number> = {
  ...{ exp: Math.exp, expm1: Math.expm1, log: Math.log, log1p: Math.log1p, sigmoid, softplus },
  ...{ tanh: Math.tanh, sinh: Math.sinh, cosh: Math.cosh, sin: Math.sin, cos: Math.cos, tan: Math.tan },
  ...{ asin: Math.asin, acos: Math.acos, atan: Math.atan, erf, erfc, gelu },
  rsqrt: (x) => 1 / Math.sqrt(x),
};

const specials = [0, -0, 1, -1, Infinity, -Infinity, NaN, 2 ** -149, -(2 ** -149), 2 ** -126, 3.4028234663852886e38];

/** Every exponent and sign with a spread of significands, and the special values. */
function float32Samples(): Float32Array {
  const count = 1 << 17;
  const bits = new Uint32Array(count);
  for (let i = 0; i < count; i++) bits[i] = (i * 32771) >>> 0; // a prime step through all 2³² patterns
  const values = new Float32Array(bits.buffer);
  values.set(specials);
  return values;
}

test("every routine exists for both element types", () => {
  for (const routine of Object.values(mathRoutines)) {
    expect(routine.float32).toBeTypeOf("function");
    expect(routine.float64).toBeTypeOf("function");
  }
});

describe.each(unaryRoutineNames)("%s in float32", (name) => {
  test("is within 2 units in the last place of the float64 value, and right at its edges", () => {
    const x = float32Samples();
    const y = runUnary(name, "float32", x);
    const reference = references[name];
    for (let i = 0; i < x.length; i++) {
      const error = float32Error(y[i]!, reference(x[i]!));
      if (!(error <= 2)) throw new Error(`${name}(${x[i]}) = ${y[i]}, expected ${reference(x[i]!)}: ${error} units`);
    }
  });
});

describe.each([
  ["pow", power],
  ["atan2", Math.atan2],
] as const)("%s in float32", (name, reference) => {
  test("is within 2 units in the last place, over pairs of all magnitudes and special values", () => {
    const base = float32Samples();
    const moderate = base.map((value, i) => (i % 3 === 0 ? value : Math.fround((i % 4099) / 512 - 4)));
    const x = moderate.slice();
    const y = moderate.map((_, i) => moderate[(i * 7919 + 13) % moderate.length]!);
    for (let i = 0; i < specials.length ** 2; i++) {
      x[i] = specials[Math.floor(i / specials.length)]!;
      y[i] = specials[i % specials.length]!;
    }
    const z = runBinary(name, "float32", x, y);
    for (let i = 0; i < x.length; i++) {
      const expected = reference(x[i]!, y[i]!);
      const error = float32Error(z[i]!, expected);
      if (!(error <= 2)) throw new Error(`${name}(${x[i]}, ${y[i]}) = ${z[i]}, expected ${expected}: ${error} units`);
    }
  });
});

/**
 * All 2³² arguments, against the float64 routine, which is itself held to 2 units of a value to hundreds of digits.
 * A few minutes a routine: only `npm run test:deep` does it.
 */
describe.skipIf(process.env.KINSHIP_DEEP !== "1")("every float32 there is", () => {
  test.each(unaryRoutineNames)("%s is within 2 units in the last place", { timeout: 3_600_000 }, (name) => {
    const count = 1 << 16;
    const narrow = compileRoutine(name, "float32", 1, count * 4);
    const wide = compileRoutine(name, "float64", 1, count * 8);
    const bits = new Uint32Array(narrow.buffer, 0, count);
    const x = new Float32Array(narrow.buffer, 0, count);
    const y = new Float32Array(narrow.buffer, count * 4, count);
    const wideX = new Float64Array(wide.buffer, 0, count);
    const wideY = new Float64Array(wide.buffer, count * 8, count);
    let worst = 0;
    let at = 0;
    for (let start = 0; start < 2 ** 32; start += count) {
      for (let i = 0; i < count; i++) bits[i] = start + i;
      wideX.set(x);
      narrow.run();
      wide.run();
      for (let i = 0; i < count; i++) {
        const expected = wideY[i]!;
        if (Math.fround(expected) === y[i] && expected !== 0) continue;
        const error = float32Error(y[i]!, expected);
        if (error > worst) {
          worst = error;
          at = x[i]!;
        }
      }
    }
    console.info(`${name}: worst ${worst.toFixed(3)} units, at ${at}`);
    expect(worst).toBeLessThanOrEqual(2);
  });
});
