import { type Nested, type Tensor, tensor } from "@kinship/tensor";
import { expect } from "vitest";

export const f64 = (values: Nested): Tensor => tensor(values, { dtype: "float64" });

const flat = (x: Nested): number[] => (typeof x === "number" ? [x] : x.flatMap(flat));

/** The shape exactly, the values relative to the largest. */
export function near(found: Tensor, expected: Nested, tolerance = 1e-12): void {
  const right = f64(expected);
  expect(found.shape).toEqual(right.shape);
  const values = flat(expected);
  const scale = Math.max(1, ...values.map(Math.abs));
  flat(found.toArray()).forEach((value, k) => {
    expect(Math.abs(value - values[k]) / scale, `${value} against ${values[k]} at ${k}`).toBeLessThanOrEqual(tolerance);
  });
}
