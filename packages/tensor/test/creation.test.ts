import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arange, cast, eye, full, linspace, ones, tensor, zeros } from "../src/index.js";
import { scattered, special, tensors } from "./support/arbitrary.js";

describe("tensor", () => {
  test("gives back nested arrays, whatever the layout", () =>
    fc.assert(
      fc.property(
        tensors(0, 3, special).filter((x) => !x.shape.includes(0)),
        (x) => {
          const again = tensor(x.toArray(), { dtype: "float64" });
          expect(again.shape).toEqual(x.shape);
          expect(again.toTypedArray()).toEqual(x.toTypedArray());
          expect(scattered(x).toArray()).toEqual(x.toArray());
        },
      ),
    ));
  test("takes its type from what it is given", () => {
    expect(tensor([1, 2]).dtype).toBe("float32");
    expect(tensor([true, false]).toArray()).toEqual([1, 0]);
    expect(tensor([true, false]).dtype).toBe("uint8");
    expect(tensor(new Float64Array(2)).dtype).toBe("float64");
    expect(tensor(Int32Array.of(1), { dtype: "uint8" }).dtype).toBe("uint8");
  });
  test("shares the memory of typed arrays", () => {
    const data = Float64Array.of(1, 2, 3, 4);
    const x = tensor(data, { shape: [2, 2] });
    data[3] = 9;
    expect(x.get(1, 1)).toBe(9);
  });
  test("says what is wrong with its input", () => {
    expect(() => tensor([[1, 2], [3]])).toThrow("tensor: ragged values at [1]: expected an array of 2, found one of 1");
    expect(() => tensor([[1, 2], 3])).toThrow("tensor: ragged values at [1]: expected an array of 2, found number");
    expect(() => tensor([1, "2" as unknown as number])).toThrow("tensor: expected a number at [1], found string");
    expect(() => tensor([1, 2, 3], { shape: [2, 2] })).toThrow("tensor: shape [2, 2] has 4 elements, found 3 values");
    expect(() => zeros([2, -1])).toThrow("full: expected sizes that are whole numbers of at least 0, found [2, -1]");
    expect(() => zeros([2], "float16" as "float32")).toThrow(
      "dtype: expected one of uint8, int32, float32, float64, found float16",
    );
  });
});

describe("reading and writing elements", () => {
  test("item needs one element, set needs every index", () => {
    expect(tensor([[3]]).item()).toBe(3);
    expect(() => tensor([1, 2]).item()).toThrow(
      "item: expected one element, found shape [2]; use toArray or a reduction",
    );
    expect(() => zeros([2, 2]).set(1, 5)).toThrow("set: expected 2 indices and a value for shape [2, 2]");
  });
});

describe("ranges and constants", () => {
  test("arange leaves its end out, linspace includes it", () => {
    expect(arange(3).toArray()).toEqual([0, 1, 2]);
    expect(arange(1, 2, 0.25).toArray()).toEqual([1, 1.25, 1.5, 1.75]);
    expect(arange(3, 0, -1).toArray()).toEqual([3, 2, 1]);
    expect(arange(3, 0).toArray()).toEqual([]);
    expect(() => arange(0, 1, 0)).toThrow("arange: from 0 to 1 by 0 has no end");
    expect(linspace(0, 1, 5, "float64").toArray()).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect(linspace(2, 5, 1).toArray()).toEqual([2]);
    expect(linspace(0, 1, 0).shape).toEqual([0]);
  });
  test("eye, full, ones", () => {
    expect(eye(2, { columns: 3 }).toArray()).toEqual([
      [1, 0, 0],
      [0, 1, 0],
    ]);
    expect(eye(0).shape).toEqual([0, 0]);
    expect(full([2], 7, "int32").toArray()).toEqual([7, 7]);
    expect(ones([]).item()).toBe(1);
  });
  test("cast drops fractions and wraps", () => {
    expect(cast(tensor([1.9, -1.9]), "int32").toArray()).toEqual([1, -1]);
    expect(cast(tensor([257, -1]), "uint8").toArray()).toEqual([1, 255]);
  });
});
