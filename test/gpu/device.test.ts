import {
  add,
  arange,
  cast,
  clip,
  concat,
  eigh,
  exp,
  greater,
  log,
  matmul,
  max,
  maximum,
  mul,
  neg,
  reshape,
  slice,
  sqrt,
  sum,
  type Tensor,
  tensor,
  where,
  zeros,
} from "@kinship/tensor";
import { compile } from "@kinship/tensor/compile";
import { openGpu, UnsupportedOnGpu } from "@kinship/tensor/gpu";
import { afterAll, describe, expect, test } from "vitest";
import { everyDevice } from "./everyDevice.js";
import { checkClosing, pattern } from "./programs.js";
import { checkOptimizer } from "./training.js";

const device = await openGpu({ backend: "webassembly" });
afterAll(() => device.close());

everyDevice(() => device, { steps: 100 });
test("programs that are closed take nothing from those that are not", () => checkClosing(device));

describe("results", () => {
  test("have the structure and the dtypes of the function's", async () => {
    const f = device.compile((x: Tensor, { scale }: { scale: number }) => ({
      list: [mul(x, scale), greater(x, 0)],
      name: "kept",
      count: sum(cast(greater(x, 0), "int32")),
    }));
    const found = await f(tensor([-1, 0, 2]), { scale: 3 });
    expect(found.list.map(({ dtype }) => dtype)).toEqual(["float32", "uint8"]);
    expect(found.list.map((x) => x.toArray())).toEqual([
      [-3, 0, 6],
      [0, 0, 1],
    ]);
    expect(found.name).toBe("kept");
    expect([found.count.dtype, found.count.item()]).toEqual(["int32", 1]);
    await f.close();
  });

  test("may be arguments, constants, parts of values, and one value twice", async () => {
    const f = device.compile((x: Tensor) => {
      const y = add(x, 1);
      return { x, y, again: y, part: slice(y, [[1, 3]]), constant: arange(3) };
    });
    const found = await f(tensor([5, 6, 7, 8]));
    const kept = device.compile((x: Tensor) => ({ x, part: slice(add(x, 1), [[1, 3]]) }), { keep: true });
    const there = await kept(tensor([5, 6, 7, 8]));
    expect(found.x.toArray()).toEqual([5, 6, 7, 8]);
    expect(found.y.toArray()).toEqual([6, 7, 8, 9]);
    expect(found.again.toArray()).toEqual([6, 7, 8, 9]);
    expect(found.part.toArray()).toEqual([7, 8]);
    expect(found.constant.toArray()).toEqual([0, 1, 2]);
    const read = await device.read(there);
    expect([read.x.toArray(), read.part.toArray()]).toEqual([
      [5, 6, 7, 8],
      [7, 8],
    ]);
  });

  test("of empty and single-element values have their shapes", async () => {
    const f = device.compile((x: Tensor, y: Tensor) => ({
      x: add(x, 1),
      none: sum(x),
      y: exp(y),
      all: concat([x, x]),
    }));
    const found = await f(zeros([0]), tensor([[0]]));
    expect([found.x.shape, found.all.shape, found.none.item(), found.y.toArray()]).toEqual([[0], [0], 0, [[1]]]);
  });

  test("of products and sums over nothing are zeros", async () => {
    const f = device.compile((x: Tensor, y: Tensor) => ({ product: matmul(x, y), total: sum(x, { axis: 1 }) }));
    const found = await f(zeros([3, 0]), zeros([0, 2]));
    expect(found.product.toArray()).toEqual([
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
    expect(found.total.toArray()).toEqual([0, 0, 0]);
  });

  test("have infinities and what is not a number", async () => {
    const f = device.compile((x: Tensor) => ({
      hidden: where(greater(x, 0), x, Number.NEGATIVE_INFINITY),
      largest: max(x),
      log: log(x),
      root: sqrt(x),
      limited: maximum(x, 0),
    }));
    const x = [1, -1, 0, Number.POSITIVE_INFINITY];
    const found = await f(tensor(x));
    expect(found.hidden.toArray()).toEqual([1, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY, x[3]]);
    expect(found.largest.item()).toBe(x[3]);
    expect(found.log.toArray()).toEqual([0, Number.NaN, Number.NEGATIVE_INFINITY, x[3]]);
    expect(found.root.toArray()).toEqual([1, Number.NaN, 0, x[3]]);
    const spoilt = await f(tensor([1, Number.NaN]));
    expect(spoilt.largest.item()).toBeNaN();
    expect(spoilt.limited.toArray()).toEqual([1, Number.NaN]);
  });
});

describe("calls", () => {
  test("take arguments as they are when they are made", async () => {
    const f = device.compile((x: Tensor) => mul(x, 2));
    const x = tensor([1, 2]);
    const promise = f(x);
    x.set(0, 100);
    expect((await promise).toArray()).toEqual([2, 4]);
  });

  test("may overlap", async () => {
    const f = device.compile((x: Tensor) => sum(mul(x, x)));
    const found = await Promise.all([1, 2, 3, 4].map((k) => f(tensor([k, k]))));
    expect(found.map((x) => x.item())).toEqual([2, 8, 18, 32]);
  });

  test("are finished before what they use is freed", async () => {
    const f = device.compile((x: Tensor) => sum(exp(mul(x, 2))));
    const kept = device.compile((x: Tensor) => mul(x, 2), { keep: true });
    const x = await kept(pattern([3000]));
    const whole = f(x);
    const value = device.read(x);
    const freed = [device.release(x), f.close(), kept.close()];
    expect((await whole).item()).toBeGreaterThan(0);
    expect((await value).shape).toEqual([3000]);
    await Promise.all(freed);
    await expect(f(x)).rejects.toThrow("released");
    await f.close();
  });

  test("compile once for each signature", async () => {
    const other = await openGpu({ backend: "javascript" });
    const f = other.compile((x: Tensor) => exp(x));
    await f(zeros([3]));
    const { kernels } = other.explain();
    await f(zeros([3]));
    expect(other.explain().kernels).toBe(kernels);
    await f(zeros([4]));
    expect(other.explain().kernels).toBeGreaterThan(kernels);
    await f.close();
    expect(other.explain().kernels).toBe(0);
    await other.close();
  });
});

describe("tensors on a device", () => {
  test("say how they are read, and cannot be used once released or donated", async () => {
    const f = device.compile((x: Tensor) => neg(x), { keep: true, donate: [0] });
    const y = await f(tensor([1, 2]));
    expect(() => y.toArray()).toThrow("await device.read(x)");
    expect((await device.read({ y, k: 1 })).y.toArray()).toEqual([-1, -2]);
    const z = await f(y);
    await expect(f(y)).rejects.toThrow("released, or donated");
    await device.release([z]);
    await expect(device.read(z)).rejects.toThrow("released");
    expect(() => z.item()).toThrow();
  });

  test("belong to their device, as wholes", async () => {
    const f = device.compile((x: Tensor) => neg(x), { keep: true });
    const other = await openGpu({ backend: "javascript" });
    const g = other.compile((x: Tensor) => neg(x));
    const y = await f(tensor([1, 2, 3]));
    await expect(g(y)).rejects.toThrow("another device");
    await expect(other.read(y)).rejects.toThrow("another device");
    await expect(f(slice(y, [[1, 3]]))).rejects.toThrow("view of a tensor on the device");
    const back = await device.read(slice(y, [[1, 3]]));
    expect(back.toArray()).toEqual([-2, -3]);
    await other.close();
    await expect(g(tensor([1]))).rejects.toThrow("closed");
  });
});

describe("what a GPU cannot do", () => {
  const eigenvalues = (x: Tensor) => eigh(x).values;
  test.each<[string, (x: Tensor) => unknown, Tensor]>([
    ["float64, a GPU computes in float32", (x) => add(x, 1), tensor([1], { dtype: "float64" })],
    ["eigh (%1 eigh) has no GPU kernel", eigenvalues, tensor([[1]])],
    ["elements, kernels address fewer than 8388608", (x) => add(x, 1), zeros([2 ** 23])],
    ["may make whole numbers from -33554432 to 33554432 (add)", (x) => add(x, x), tensor([1], { dtype: "int32" })],
    ["(toInteger)", (x) => cast(x, "int32"), tensor([1])],
    ["element 1 of argument 0 is 16777217", (x) => neg(x), tensor([1, 2 ** 24 + 1], { dtype: "int32" })],
  ])("is an error: %s", async (message, f, x) => {
    const compiled = device.compile(f);
    await expect(compiled(x)).rejects.toThrow(UnsupportedOnGpu);
    await expect(compiled(x)).rejects.toThrow(message);
  });

  test("runs on the CPU where that was asked for, and says so", async () => {
    const other = await openGpu({ backend: "webassembly", fallback: "cpu" });
    const wide = other.compile((x: Tensor) => matmul(x, x));
    const x = tensor([[1 / 3]], { dtype: "float64" });
    expect((await wide(x)).item()).toBe(compile((y: Tensor) => matmul(y, y))(x).item());
    expect(wide.explain(x).backend).toBe("cpu");
    expect(String(wide.explain(x))).toContain("is float64");
    const kept = await other.compile((y: Tensor) => add(y, y), { keep: true })(tensor([[2]]));
    const values = other.compile(eigenvalues);
    expect((await values(kept)).toArray()).toEqual([4]);
    expect(values.explain(kept).fallback).toContain("eigh");
    await other.close();
  });

  test("does not concern whole numbers that are known to be small", async () => {
    const f = device.compile((x: Tensor) => ({
      digit: cast(clip(x, -5, 5), "int32"),
      byte: cast(clip(x, -1000, 1000), "uint8"),
      flags: sum(cast(greater(x, 0), "int32")),
    }));
    const x = tensor([-3.7, 300.2, 2, -300]);
    const found = await f(x);
    expect(found.digit.toArray()).toEqual([-3, 5, 2, -5]);
    expect(found.byte.toArray()).toEqual(cast(x, "uint8").toArray());
    expect(found.flags.item()).toBe(2);
  });
});

describe("float64, where it may be narrow", () => {
  test("keeps its name, and float32's digits", async () => {
    const other = await openGpu({ backend: "webassembly", narrow: true });
    const third = await other.compile((x: Tensor) => mul(x, 1 / 3))(tensor([1], { dtype: "float64" }));
    expect([third.dtype, third.get(0)]).toEqual(["float64", Math.fround(1 / 3)]);
    await checkOptimizer(other);
    await other.close();
  });
});

describe("openGpu", () => {
  test("names the backends that there are", async () => {
    await expect(openGpu({ backend: "cuda" as "webgpu" })).rejects.toThrow("backend is cuda, expected auto, webgpu");
  });

  test("without a GPU is an error, or the CPU", async () => {
    await expect(openGpu({ backend: "webgl2" })).rejects.toThrow("webgl2 is not available here");
    await expect(openGpu()).rejects.toThrow("webgpu and webgl2 are not available here");
    const cpu = await openGpu({ fallback: "cpu" });
    expect(cpu.backend).toBe("cpu");
    expect(String(cpu.explain())).toContain("cpu, because: openGpu: webgpu and webgl2");
    const f = cpu.compile((x: Tensor) => add(x, 1), { keep: true });
    expect((await cpu.read(await f(tensor([1])))).toArray()).toEqual([2]);
    expect(f.explain(tensor([1])).backend).toBe("cpu");
    await cpu.close();
  });

  test("explains programs and devices", async () => {
    const f = device.compile((x: Tensor) => sum(exp(x)));
    const explanation = f.explain(pattern([4]));
    expect(explanation.backend).toBe("webassembly");
    expect(explanation.kernels.map(({ cells, reads }) => [cells, reads])).toEqual([[1, 1]]);
    expect(explanation.kernels[0].source).toContain("Math.exp");
    expect(String(explanation)).toMatch(/^webassembly: 1 kernels\n {2}%\d+ sum: 1 cells, reading 1 arrays$/);
    expect(String(device.explain())).toMatch(/^webassembly: \d+ kernels, run \d+ times/);
    expect(reshape(await f(pattern([4])), [1]).shape).toEqual([1]);
  });
});
