import { matchers } from "@kinship/autodiff/testing/vitest";
import { mul, sin, stopGradient, sum, type Tensor, tensor } from "@kinship/tensor";
import { describe, expect, test } from "vitest";
import { f64 } from "../support.js";

expect.extend(matchers);

describe("toHaveCorrectDerivatives", () => {
  test("passes and fails with the report", () => {
    expect((x: Tensor) => sum(sin(x))).toHaveCorrectDerivatives([f64([1, 2])]);
    const detached = (x: Tensor) => mul(x, stopGradient(x));
    expect(detached).not.toHaveCorrectDerivatives([f64([1, 2])]);
    expect(() => expect(detached).toHaveCorrectDerivatives([f64([1, 2])])).toThrow(
      /jvp differs from finite differences[\s\S]*a factor of 0\.500000/,
    );
    expect(() => expect(sin).not.toHaveCorrectDerivatives([f64([1])], { order: 1 })).toThrow("they are right");
  });

  test("a function that fails is no verdict", () => {
    const fails = () => {
      throw new RangeError("not my argument");
    };
    expect(() => expect(fails).not.toHaveCorrectDerivatives([f64(1)])).toThrow("not my argument");
  });
});

describe("toBeCloseToTensor", () => {
  const next = (x: number, steps: number): number => {
    const bits = new BigInt64Array(Float64Array.of(x).buffer);
    bits[0] += BigInt(steps);
    return new Float64Array(bits.buffer)[0];
  };

  test("counts units in the last place, of the tensor's own type", () => {
    expect(f64([next(1, 4)])).toBeCloseToTensor(f64([1]));
    expect(f64([next(1, 5)])).not.toBeCloseToTensor(f64([1]));
    expect(f64([next(1e300, 5)])).toBeCloseToTensor(f64([1e300]), { ulps: 5 });
    expect(tensor([1 + 2 ** -23])).toBeCloseToTensor(tensor([1]), { ulps: 1 });
    expect(tensor([1 + 2 ** -22])).not.toBeCloseToTensor(tensor([1]), { ulps: 1 });
    // Across 0: the smallest numbers of either sign are two apart.
    expect(f64([5e-324])).toBeCloseToTensor(f64([-5e-324]), { ulps: 2 });
    expect(f64([5e-324])).not.toBeCloseToTensor(f64([-5e-324]), { ulps: 1 });
    expect(f64([0])).toBeCloseToTensor(f64([-0]), { ulps: 0 });
  });

  test("any one bound is enough", () => {
    expect(f64([1.01])).toBeCloseToTensor(f64([1]), { relative: 0.011 });
    expect(f64([1.01])).toBeCloseToTensor(f64([1]), { absolute: 0.011 });
    expect(f64([1.01])).not.toBeCloseToTensor(f64([1]), { relative: 0.009, absolute: 0.009, ulps: 9 });
  });

  test("shape, dtype and what is not finite count", () => {
    expect(f64([1])).not.toBeCloseToTensor(f64(1));
    expect(f64([1])).not.toBeCloseToTensor(tensor([1]));
    expect(f64([Number.NaN, 1 / 0])).toBeCloseToTensor(f64([Number.NaN, 1 / 0]));
    expect(f64([1 / 0])).not.toBeCloseToTensor(f64([-1 / 0]), { absolute: 1 / 0 });
    expect(f64([1 / 0])).not.toBeCloseToTensor(f64([Number.MAX_VALUE]), { ulps: 1, relative: 1 });
    expect(f64([Number.NaN])).not.toBeCloseToTensor(f64([1]), { absolute: 1 / 0 });
    expect(tensor([3], { dtype: "int32" })).not.toBeCloseToTensor(tensor([4], { dtype: "int32" }));
  });

  test("the report has the worst entry", () => {
    expect(() => expect(f64([[1, 2.5, 3.1]])).toBeCloseToTensor(f64([[1, 2, 3]]))).toThrow(
      '2 of 3 entries differ by more than {"ulps":4}; the worst at [0, 1]: 2.5, expected 2, off by 0.500',
    );
    expect(() => expect(f64([1])).toBeCloseToTensor(f64([1, 2]))).toThrow("expected [2] float64, found [1] float64");
    expect(() => expect(3).toBeCloseToTensor(f64(3))).toThrow("expected two tensors");
  });
});
