import { describe, expect, test } from "vitest";
import { erf, gelu, power, sigmoid, softplus } from "../../src/special.js";
import { mathRoutines, type UnaryRoutineName, unaryRoutineNames } from "../../src/wasm/math/index.js";
import { float32Error, runBinary, runUnary } from "./routines.js";
import { surveyRoutine } from "./survey.js";

/** The functions in float64: more than enough digits to judge float32 by. */
const references: Record<UnaryRoutineName, (x: number) => number> = {
  ...{ exp: Math.exp, expm1: Math.expm1, log: Math.log, log1p: Math.log1p, sigmoid, softplus },
  ...{ tanh: Math.tanh, sinh: Math.sinh, cosh: Math.cosh, sin: Math.sin, cos: Math.cos, tan: Math.tan },
  ...{ asin: Math.asin, acos: Math.acos, atan: Math.atan, erf, gelu },
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

/** A minute or two a routine: only `npm run test:deep` does it. */
describe.skipIf(process.env.KINSHIP_DEEP !== "1")("every float32 there is", () => {
  test.each(unaryRoutineNames)("%s is within 2 units in the last place", { timeout: 3_600_000 }, (name) => {
    const { worst, at } = surveyRoutine(name);
    console.info(`${name}: worst ${worst.toFixed(3)} units, at ${at}`);
    expect(worst).toBeLessThanOrEqual(2);
  });
});

test("the survey of all arguments finds a routine that is wrong, and how wrong", () => {
  // e¹² is 162,754.8, whose last place is 2⁻⁶: a result without its 1 is 64 of them off.
  const { worst, at } = surveyRoutine("expm1", { against: "exp", from: 0x41400000, to: 0x41410000 });
  expect(worst).toBeGreaterThan(63);
  expect(worst).toBeLessThan(66);
  expect(at).toBeGreaterThanOrEqual(12);
  expect(surveyRoutine("exp", { from: 0x41400000, to: 0x41410000 }).worst).toBeLessThan(1.1);
  // Where exp is ∞ or not a number, so must the other be.
  expect(surveyRoutine("tanh", { against: "exp", from: 0x7f800000, to: 0x7f810000 }).worst).toBe(Infinity);
});
