import { differentiate } from "@kinship/autodiff/testing";
import { describe, expect, test } from "vitest";

const one = (f: (t: number) => number) => {
  const { value, error } = differentiate((t) => Float64Array.of(f(t)));
  return { value: value[0], error: error[0] };
};

describe("five-point differences", () => {
  const cases: [string, (t: number) => number, number][] = [
    ["sin at 1", (t) => Math.sin(1 + t), Math.cos(1)],
    ["exp at 0", Math.exp, 1],
    ["1000·t", (t) => 1000 * t, 1000],
    ["sin(1000·t)", (t) => Math.sin(1000 * t), 1000],
    ["1/(0.03 + t)", (t) => 1 / (0.03 + t), -1 / 0.03 ** 2],
    ["log(0.01 + t), not a number for most steps", (t) => Math.log(0.01 + t), 100],
    ["a constant", () => 5, 0],
    ["a small slope on a large value", (t) => 1e6 + t, 1],
  ];
  test.each(cases)("%s: right within the stated error, which is small", (_, f, expected) => {
    const { value, error } = one(f);
    expect(Math.abs(value - expected)).toBeLessThanOrEqual(error);
    expect(error).toBeLessThanOrEqual(1e-7 * Math.abs(expected) + 1e-8 * Math.abs(f(0)));
  });

  test("each entry has a step of its own", () => {
    const { value, error } = differentiate((t) => Float64Array.of(Math.sin(t), Math.sin(3000 * t)));
    expect(Math.abs(value[0] - 1)).toBeLessThan(1e-10);
    expect(Math.abs(value[1] - 3000)).toBeLessThan(1e-4);
    expect(error[0]).toBeLessThan(1e-9);
  });

  test("a jump has no small error", () => {
    expect(one((t) => (t > 0 ? 1 : 0)).error).toBeGreaterThan(1);
  });

  test("steps that throw are passed over; if all do, that is the error", () => {
    const { value } = one((t) => {
      if (Math.abs(t) > 0.02) throw new RangeError("too far");
      return Math.exp(t);
    });
    expect(value).toBeCloseTo(1, 10);
    expect(() =>
      one(() => {
        throw new RangeError("never");
      }),
    ).toThrow("never");
  });
});
