import { expect } from "vitest";
import type { Tensor } from "../../src/index.js";

/** The same shape, dtype and values; not-a-number equals itself, −0 equals 0. */
export function expectSame(found: Tensor, expected: Tensor): void {
  expect({ shape: found.shape, dtype: found.dtype }).toEqual({ shape: expected.shape, dtype: expected.dtype });
  expectNear(found, expected, 0);
}

/** Every entry within `tolerance`, relative to the larger of 1 and the expected size. */
export function expectNear(found: Tensor, expected: Tensor, tolerance: number): void {
  expect(found.shape).toEqual(expected.shape);
  const [a, b] = [found.toTypedArray(), expected.toTypedArray()];
  for (let n = 0; n < b.length; n++) {
    const same = Object.is(a[n], b[n]) || a[n] === b[n];
    if (!same && !(Math.abs(a[n] - b[n]) <= tolerance * Math.max(1, Math.abs(b[n]))))
      expect.fail(`entry ${n} of shape [${found.shape.join(", ")}]: found ${a[n]}, expected ${b[n]}`);
  }
}
