import { inspect } from "node:util";
import ndarray from "ndarray";
import gemm from "ndarray-gemm";
import ops from "ndarray-ops";
import { describe, expect, test } from "vitest";
import { add, flip, matmul, ones, reshape, slice, sum, type Tensor, tensor, transpose, zeros } from "../src/index.js";
import { build } from "./support/arbitrary.js";
import { expectNear, expectSame } from "./support/expect.js";

const matrix = (rows: number, columns: number) => build([rows, columns], ([i, j]) => i * 10 + j, "float32");

describe("our tensors under ndarray's libraries", () => {
  // Views with an offset, negative steps and swapped axes, all 2 × 3.
  const views: Record<string, () => Tensor> = {
    contiguous: () => matrix(2, 3),
    transposed: () => transpose(matrix(3, 2)),
    reversed: () => flip(matrix(2, 3)),
    "with steps and an offset": () =>
      slice(matrix(5, 8), [
        [1, null, 2],
        [7, null, -3],
      ]),
  };
  for (const [name, make] of Object.entries(views)) {
    test(`ndarray-ops writes through a ${name} view, without a copy`, () => {
      const x = make();
      const before = x.toTypedArray();
      const [alone, memory] = [x.data, x.data.length];
      ops.addseq(x, 0.5);
      expect([x.data, x.data.length]).toEqual([alone, memory]);
      expect(x.toTypedArray()).toEqual(before.map((v: number) => v + 0.5));
    });
    test(`ndarray-ops reads a ${name} view`, () => {
      const x = make();
      expect(ops.sum(x)).toBe(sum(x).item());
      const out = zeros([2, 3]);
      ops.add(out, x, make());
      expectSame(out, add(x, x));
    });
    test(`ndarray-gemm multiplies a ${name} view`, () => {
      const [x, y] = [make(), transpose(make())];
      const out = zeros([2, 2]);
      gemm(out, x, y);
      expectNear(out, matmul(x, y), 1e-6);
    });
  }
  test("state ndarray's fields", () => {
    const x = transpose(matrix(2, 3));
    expect({ ...pick(x), order: x.order }).toEqual({
      dtype: "float32",
      shape: [3, 2],
      stride: [1, 3],
      offset: 0,
      size: 6,
      dimension: 2,
      order: [0, 1],
    });
    const theirs = ndarray(new Float32Array(6), [2, 3]).transpose(1, 0);
    expect(x.order).toEqual(theirs.order);
  });
});

const pick = ({ dtype, shape, stride, offset, size, dimension }: Tensor) => ({
  dtype,
  shape,
  stride,
  offset,
  size,
  dimension,
});

describe("ndarrays under our operations", () => {
  test("share their memory, with steps, offsets and negative strides", () => {
    const home = ndarray(
      Float32Array.from({ length: 40 }, (_, k) => k),
      [5, 8],
    );
    const part = home.lo(1, 2).step(2, -1).transpose(1, 0);
    const x = tensor(part);
    expect(x.data).toBe(home.data);
    expect(x.toArray()).toEqual(
      Array.from({ length: part.shape[0] }, (_, i) => Array.from({ length: part.shape[1] }, (_, j) => part.get(i, j))),
    );
    x.set(0, 0, 99);
    expect(part.get(0, 0)).toBe(99);
    part.set(1, 1, -7);
    expect(x.get(1, 1)).toBe(-7);
  });
  test("of another type are converted only where asked", () => {
    const x = tensor(ndarray(Int32Array.of(1, 2, 3)), { dtype: "float64" });
    expect([x.dtype, x.toArray()]).toEqual(["float64", [1, 2, 3]]);
    expect(() => tensor(ndarray([1, 2, 3]) as never)).toThrow(
      "tensor: an ndarray's data must be a Float32Array, Float64Array, Int32Array or Uint8Array; convert it first",
    );
  });
  test("that would read outside their data are refused", () => {
    const bad = { data: new Float32Array(4), shape: [2, 2], stride: [3, 1], offset: 1 };
    expect(() => tensor(bad)).toThrow(
      "tensor: shape [2, 2] with stride [3, 1] and offset 1 reads positions 1 to 5, the data has 4",
    );
    expect(() => tensor({ ...bad, stride: [-1, 1], offset: 0 })).toThrow("reads positions -1 to 1");
    expect(tensor({ ...bad, shape: [0, 9] }).size).toBe(0);
  });
});

describe("printing", () => {
  test("nests the values and says the type", () => {
    expect(
      String(
        tensor([
          [1, -0.5],
          [1e9, Number.NaN],
        ]),
      ),
    ).toBe("tensor([[1, -0.5],\n        [1e+9, NaN]], float32)");
    expect(String(tensor(3, { dtype: "int32" }))).toBe("tensor(3, int32)");
    expect(String(zeros([2, 0]))).toBe("tensor([[],\n        []], shape [2, 0], float32)");
  });
  test("abridges what is large", () => {
    const text = String(ones([100, 100]));
    expect(text.length).toBeLessThan(400);
    expect(text).toContain("…");
    expect(text).toContain("shape [100, 100]");
  });
  test("in Node's inspector, strided views too", () => {
    const x = transpose(
      tensor([
        [1, 2],
        [3, 4],
      ]),
    );
    expect(inspect(x)).toBe(String(x));
    expect(inspect({ x })).toContain("tensor([[1, 3]");
  });
});

describe("iterating", () => {
  test("gives numbers along one axis, views along several", () => {
    expect([...tensor([1, 2, 3])]).toEqual([1, 2, 3]);
    const x = matrix(2, 3);
    const rows = [...x] as Tensor[];
    expect(rows.map((row) => row.toArray())).toEqual([
      [0, 1, 2],
      [10, 11, 12],
    ]);
    rows[1].set(0, -1);
    expect(x.get(1, 0)).toBe(-1);
    expect([...reshape(zeros([0, 2]), [0, 2])]).toEqual([]);
  });
  test("needs an axis", () =>
    expect(() => [...tensor(1)]).toThrow("iterate: a tensor without axes has no entries; use item()"));
});
