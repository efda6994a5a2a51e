import { grad } from "@kinship/autodiff";
import {
  add,
  cast,
  type DType,
  greater,
  isFloating,
  max,
  minimum,
  mul,
  sum,
  type Tensor,
  tanh,
  tensor,
} from "@kinship/tensor";
import { compile } from "@kinship/tensor/compile";
import { describe, expect, test } from "vitest";

const numbers = [
  ...[0, -0, 0.5, -0.5, 1.9, -1.9, 127.5, 255, 256, -1, -255.9, 300, 65536.7],
  ...[
    2 ** 24 + 1,
    2 ** 31 - 1,
    2 ** 31,
    2 ** 31 + 0.5,
    2 ** 31 + 2048,
    -(2 ** 31),
    -(2 ** 31) - 0.5,
    -(2 ** 31) - 4096,
  ],
  ...[
    2 ** 32,
    2 ** 32 - 0.5,
    2 ** 32 + 12345,
    -(2 ** 32) - 12345,
    3e9,
    -3e9,
    1e15 + 7,
    -1e15 - 7,
    2 ** 53,
    1e30,
    -1e30,
  ],
  ...[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.MAX_VALUE, 5e-324],
];

// Typed arrays say what out-of-range numbers become: modulo 2³² or 2⁸, and 0 where there is no number.
describe("numbers become whole numbers as typed arrays store them", () => {
  for (const from of ["float32", "float64"] as const)
    for (const to of ["int32", "uint8"] as const)
      test(`${from} to ${to}`, () => {
        const x = tensor(numbers, { dtype: from });
        const stored = to === "int32" ? Int32Array.from(x.data) : Uint8Array.from(x.data);
        expect(cast(x, to).toTypedArray()).toEqual(stored);
        expect(compile((y: Tensor) => cast(y, to))(x).toTypedArray()).toEqual(stored);
        // And where it is not stored, but computed with.
        const doubled = compile((y: Tensor) => mul(cast(cast(y, to), "float64"), 2))(x).toTypedArray();
        expect([...doubled]).toEqual([...stored].map((n) => 2 * n));
      });
});

test("every pair of types casts as evaluated", () => {
  const dtypes: DType[] = ["uint8", "int32", "float32", "float64"];
  for (const from of dtypes)
    for (const to of dtypes) {
      const x = tensor(isFloating(from) ? [1.5, -2.5, 7] : [1, 2, 255], { dtype: from });
      expect(compile((y: Tensor) => cast(y, to))(x).toTypedArray()).toEqual(cast(x, to).toTypedArray());
    }
});

test("what is cast to float32 is rounded, also where it is only computed with", () => {
  const x = tensor([0.1, 1 / 3, 1e300, 5e-324], { dtype: "float64" });
  const there = (y: Tensor) => cast(cast(y, "float32"), "float64");
  expect(compile(there)(x).toTypedArray()).toEqual(Float64Array.from(x.data, Math.fround));
  const whole = tensor([2 ** 24 + 1, -(2 ** 24) - 3], { dtype: "int32" });
  expect(compile(there)(whole).toTypedArray()).toEqual(Float64Array.from(whole.data, Math.fround));
});

test("a float32 is the same number in a loop of float64 as in one of float32", () => {
  const f = (x: Tensor) => {
    const [y, total] = [tanh(x), sum(mul(x, 0.1))];
    return { y, total, wide: add(cast(x, "float64"), mul(y, total)) };
  };
  const x = tensor(Float32Array.from({ length: 40 }, (_, k) => Math.sin(k)));
  // What is stored is what was computed with: a value that differed from itself would not be its own maximum.
  const { y, total, wide } = compile(f)(x);
  wide.toTypedArray().forEach((value, k) => {
    expect(value).toBe(x.get(k) + Math.fround(y.get(k) * total.item()));
  });
  const largest = (z: Tensor) => max(minimum(tanh(greater(z, 0)), z));
  const numbers = tensor(new Float64Array([2]));
  expect(compile(grad(largest))(numbers).toArray()).toEqual(grad(largest)(numbers).toArray());
});
