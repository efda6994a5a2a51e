import fc from "fast-check";
import { expect, test } from "vitest";
import { quantile, spread, summarize } from "../src/harness/statistics.js";

const numbers = fc.array(fc.integer({ min: 1, max: 10_000 }), { minLength: 1, maxLength: 50 });

test("quantiles lie linearly between neighbours", () => {
  expect(quantile([10, 20, 30, 40], 0)).toBe(10);
  expect(quantile([10, 20, 30, 40], 0.5)).toBe(25);
  expect(quantile([10, 20, 30, 40], 0.25)).toBe(17.5);
  expect(quantile([10, 20, 30, 40], 1)).toBe(40);
  expect(quantile([7], 0.3)).toBe(7);
  expect(() => quantile([], 0.5)).toThrow("no samples");
});

test("as many samples lie below the median as above", () => {
  fc.assert(
    fc.property(numbers, (samples) => {
      const { median } = summarize(samples);
      const below = samples.filter((value) => value < median).length;
      const above = samples.filter((value) => value > median).length;
      expect(Math.max(below, above)).toBeLessThanOrEqual(samples.length / 2);
    }),
  );
});

test("a summary knows no order, and scales with its samples", () => {
  fc.assert(
    fc.property(numbers, fc.integer({ min: 1, max: 64 }), (samples, factor) => {
      const summary = summarize(samples);
      expect(summarize([...samples].reverse())).toEqual(summary);
      const scaled = summarize(samples.map((value) => value * factor));
      expect(scaled.median).toBeCloseTo(summary.median * factor, 6);
      expect(spread(scaled)).toBeCloseTo(spread(summary), 9);
    }),
  );
});

test("spread is half the distance between the quartiles over the median, and nothing for a single sample", () => {
  expect(spread(summarize([80, 90, 100, 110, 120]))).toBeCloseTo(0.1, 12);
  expect(spread(summarize([42]))).toBe(0);
});
