import fc from "fast-check";
import { expect, test } from "vitest";
import { verify } from "../src/harness/verify.js";

const values = fc.array(fc.integer({ min: -1024, max: 1024 }), { minLength: 1, maxLength: 20 });

test("a reference is right against itself, at any scale", () => {
  fc.assert(
    fc.property(values, fc.integer({ min: -30, max: 30 }), (reference, power) => {
      const scaled = reference.map((value) => value * 2 ** power);
      expect(verify([scaled], [scaled], 0)).toEqual({ right: true, error: 0 });
    }),
  );
});

test("one value off by more than the tolerance of the largest is wrong, by less is right", () => {
  fc.assert(
    fc.property(values, fc.nat(), (reference, position) => {
      const scale = Math.max(...reference.map(Math.abs));
      fc.pre(scale > 0);
      const moved = (share: number) =>
        reference.map((value, i) => (i === position % reference.length ? value + share * scale : value));
      expect(verify([moved(2e-3)], [reference], 1e-3).right).toBe(false);
      expect(verify([moved(5e-4)], [reference], 1e-3).right).toBe(true);
    }),
  );
});

test("what is missing, too long, no number or infinite is wrong, and said", () => {
  expect(verify([], [[1]], 1)).toEqual({ right: false, reason: "0 outputs, expected 1" });
  expect(verify([[1, 2]], [[1]], 1)).toEqual({ right: false, reason: "output 0 has 2 values, expected 1" });
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY])
    expect(verify([[1, value]], [[1, 2]], 1)).toEqual({
      right: false,
      reason: `output 0 holds ${value} at 1, expected 2`,
    });
});

test("every output has its own scale: a small one is not hidden by a large one", () => {
  expect(verify([[1000], [1.5]], [[1000], [1]], 1e-2)).toEqual({
    right: false,
    reason: "off by 5.0e-1, allowed 1.0e-2",
  });
});

test("against zeros the error is absolute", () => {
  expect(verify([[0, 1e-9]], [[0, 0]], 1e-8)).toEqual({ right: true, error: 1e-9 });
});
