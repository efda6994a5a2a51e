import { afterEach, describe, expect, test, vi } from "vitest";
import { type MatrixView, multiplyInto } from "../../src/wasm/eagerProduct.js";

type FloatArray = Float32Array | Float64Array;

function matrix<T extends FloatArray>(Make: new (length: number) => T, rows: number, columns: number, layout: string) {
  const gap = layout === "gaps" ? 2 : 1;
  const transposed = layout === "transposed";
  const negative = layout === "backwards";
  const rowStride = transposed ? 1 : columns * gap + (gap > 1 ? 3 : 0);
  const columnStride = transposed ? rows : gap;
  const data = new Make(5 + Math.max(1, rows) * Math.max(1, columns) * gap + rows * 3);
  for (let i = 0; i < data.length; i++) data[i] = ((i * 7919) % 23) - 11;
  if (!negative) return { data, offset: 5, rowStride, columnStride };
  return { data, offset: 5 + rows * columns - 1, rowStride: -rowStride, columnStride: -columnStride };
}

function naive(a: MatrixView<FloatArray>, b: MatrixView<FloatArray>, m: number, k: number, n: number): number[] {
  const at = (x: MatrixView<FloatArray>, i: number, j: number) =>
    x.data[x.offset + i * x.rowStride + j * x.columnStride]!;
  return Array.from({ length: m * n }, (_, index) => {
    let sum = 0;
    for (let p = 0; p < k; p++) sum += at(a, Math.floor(index / n), p) * at(b, p, index % n);
    return sum;
  });
}

const layouts = ["rows", "transposed", "gaps", "backwards"];

describe.each([
  ["float32", Float32Array],
  ["float64", Float64Array],
])("%s", (_, Make) => {
  const check = (m: number, k: number, n: number, aLayout: string, bLayout: string) => {
    const a = matrix<FloatArray>(Make, m, k, aLayout);
    const b = matrix<FloatArray>(Make, k, n, bLayout);
    const out = new Make(m * n).fill(NaN);
    expect(multiplyInto<FloatArray>(a, b, out, m, k, n)).toBe(true);
    // Integers: sums are exact in any order.
    expect([...out], `${m} × ${k} × ${n}, ${aLayout}, ${bLayout}`).toEqual(naive(a, b, m, k, n));
  };
  test.each(layouts)("every size up to 70 along each axis, %s on the left", (layout) => {
    for (let size = 0; size <= 70; size++) {
      const bLayout = layouts[size % 4]!;
      check(size, 9, 10, layout, bLayout);
      check(7, size, 11, layout, bLayout);
      check(6, 5, size, layout, bLayout);
    }
  });
  test.each(layouts)("sizes around a power of two, %s on the left", (layout) => {
    for (const layoutOfB of layouts) check(63, 65, 66, layout, layoutOfB);
    check(129, 64, 127, layout, "rows");
  });
  test("more rows, steps and columns than a block holds", () => {
    check(1030, 3, 2, "rows", "rows");
    check(2, 2051, 3, "transposed", "gaps");
    check(3, 2, 1025, "gaps", "transposed");
  });
});

describe("where WebAssembly is not to be had", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.resetModules();
  });
  const tryIt = async () => {
    vi.resetModules();
    const fresh = await import("../../src/wasm/eagerProduct.js");
    const view = { data: Float32Array.of(2), offset: 0, rowStride: 1, columnStride: 1 };
    const out = Float32Array.of(7);
    return { done: fresh.multiplyInto(view, view, out, 1, 1, 1), out: out[0] };
  };
  test("it says so and leaves the result alone", async () => {
    vi.stubGlobal("WebAssembly", undefined);
    expect(await tryIt()).toEqual({ done: false, out: 7 });
  });
  test("the same where compiling is forbidden", async () => {
    const forbidden = function Module() {
      throw new EvalError("refused by the content-security policy");
    };
    vi.stubGlobal("WebAssembly", { validate: () => true, Module: forbidden });
    expect(await tryIt()).toEqual({ done: false, out: 7 });
  });
  test("and with it, the product", async () => {
    expect(await tryIt()).toEqual({ done: true, out: 4 });
  });
});
