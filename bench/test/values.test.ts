import fc from "fast-check";
import { expect, test } from "vitest";
import { uniform } from "../src/harness/values.js";

test("inputs are the same in every process, exact in float32, and inside their scale", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 200 }), fc.nat(), fc.integer({ min: -3, max: 3 }), (size, seed, power) => {
      const scale = 2 ** power;
      const single = uniform([size], seed, scale);
      const double = uniform([size], seed, scale, "float64");
      expect(Array.from(single.data)).toEqual(Array.from(double.data));
      expect(uniform([size], seed, scale)).toEqual(single);
      for (const value of single.data) expect(Math.abs(value)).toBeLessThan(scale);
    }),
  );
});

test("another seed draws other numbers", () => {
  expect(uniform([20], 1).data).not.toEqual(uniform([20], 2).data);
});
