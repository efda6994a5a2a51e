import { describe, expect, test } from "vitest";
import { sigmoid, softplus } from "../../src/special.js";
import { mathRoutines, type UnaryRoutineName, unaryRoutineNames } from "../../src/wasm/math/index.js";
import { float32Error, runUnary } from "./routines.js";

/** The functions in float64: more than enough digits to judge float32 by. */
export const float64References: Record<UnaryRoutineName, (x: number) => number> = {
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  sigmoid,
  softplus,
  tanh: Math.tanh,
  sinh: Math.sinh,
  cosh: Math.cosh,
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
    const reference = float64References[name];
    for (let i = 0; i < x.length; i++) {
      const error = float32Error(y[i]!, reference(x[i]!));
      if (!(error <= 2)) throw new Error(`${name}(${x[i]}) = ${y[i]}, expected ${reference(x[i]!)}: ${error} units`);
    }
  });
});
