import * as fc from "fast-check";
import { expect, test } from "vitest";
import { arange, full, reshape, slice, sum, tensor } from "../src/index.js";
import { sumFloat32 } from "../src/wasm/eagerSum.js";

/** Sums of multiples of 2⁻⁸ below 2²⁰ are exact in float64, in whatever order they are added. */
const dyadic = fc.integer({ min: -(2 ** 27), max: 2 ** 27 }).map((k) => Math.fround(k / 256));

test("the sum of a run is the sum of its elements, whatever its length and place", () => {
  fc.assert(
    fc.property(fc.nat(40000), fc.nat(20), fc.array(dyadic, { minLength: 1, maxLength: 50 }), (count, start, few) => {
      const data = Float32Array.from({ length: start + count + 3 }, (_, k) => few[(k * k) % few.length]);
      let expected = 0;
      for (let k = start; k < start + count; k++) expected += data[k];
      expect(sumFloat32(data, start, count)).toBe(expected);
    }),
  );
});

test.each([4095, 4096, 16383, 16385, 100_000])("what was summed before leaves no trace: %i elements", (count) => {
  sum(full([16384], Number.NaN));
  expect(sum(full([count], 0.5)).item()).toBe(count / 2);
});

test.each([Number.NaN, Infinity, -Infinity])("%s anywhere in a long run is the sum", (value) => {
  const data = new Float32Array(5000).fill(1);
  data[4987] = value;
  expect(sum(tensor(data)).item()).toBe(value);
  data[17] = -value;
  expect(sum(tensor(data)).item()).toBe(Number.NaN);
});

test("rows of a view are summed each by itself", () => {
  const rows = slice(reshape(arange(3 * 9000), [3, 9000]), [null, [1, 8999]]);
  const expected = [0, 1, 2].map((row) => {
    let total = 0;
    for (let k = 1; k < 8999; k++) total += row * 9000 + k;
    return Math.fround(total);
  });
  expect(sum(rows, { axis: 1 }).toArray()).toEqual(expected);
});
