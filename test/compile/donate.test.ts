import { add, mul, slice, sum, type Tensor, tensor, transpose } from "@kinship/tensor";
import { compile } from "@kinship/tensor/compile";
import { describe, expect, test } from "vitest";

const step = (state: { w: Tensor; v: Tensor }, x: Tensor) => {
  const v = add(mul(state.v, 0.5), x);
  return { state: { w: add(state.w, v), v }, loss: sum(v) };
};
const fresh = () => ({ w: tensor([1, 2, 3]), v: tensor([4, 5, 6]) });

describe("donated arguments", () => {
  test("give their arrays to results of the same shape and dtype", () => {
    const compiled = compile(step, { donate: [0], verify: true });
    const state = fresh();
    const arrays = [state.w.data, state.v.data];
    const x = tensor([1, 1, 1]);
    const expected = step(fresh(), x);
    const made = compiled(state, x);
    expect(made.state.w.toArray()).toEqual(expected.state.w.toArray());
    expect(made.state.v.toArray()).toEqual(expected.state.v.toArray());
    expect(made.loss.item()).toBe(expected.loss.item());
    expect([made.state.w.data, made.state.v.data]).toEqual(arrays);
    expect(made.state.w.data === arrays[0] && made.state.v.data === arrays[1]).toBe(true);
  });

  test("go round call after call", () => {
    const compiled = compile(step, { donate: [0] });
    const x = tensor([1, 1, 1]);
    let state = fresh();
    let slow = fresh();
    const array = state.w.data;
    for (let k = 0; k < 20; k++) {
      state = compiled(state, x).state;
      slow = step(slow, x).state;
    }
    expect(state.w.toArray()).toEqual(slow.w.toArray());
    expect(state.w.data === array).toBe(true);
  });

  test("are not to be used again, nor views of them", () => {
    const compiled = compile(step, { donate: [0] });
    const state = fresh();
    const view = slice(state.w, [[0, 2]]);
    const x = tensor([1, 1, 1]);
    compiled(state, x);
    expect(() => state.w.toArray()).toThrow(/donated to a compiled function.*use that result/);
    expect(() => view.get(0)).toThrow(/donated/);
    expect(() => add(state.v, 1)).toThrow(/donated/);
    expect(() => compiled(state, x)).toThrow(/donated/);
    expect(x.toArray()).toEqual([1, 1, 1]);
    expect(compiled(fresh(), x).loss.item()).toBe(10.5);
  });

  test("are kept where the call fails", () => {
    const compiled = compile(step, { donate: [0] });
    const state = fresh();
    expect(() => compiled(state, tensor([1, 2]))).toThrow(/do not broadcast/);
    expect(state.w.toArray()).toEqual([1, 2, 3]);
  });

  test("without a result like them are only taken", () => {
    const total = compile((x: Tensor) => sum(x), { donate: [0] });
    const x = tensor([1, 2]);
    expect(total(x).item()).toBe(3);
    expect(() => x.item()).toThrow(/donated|item/);
    expect(() => x.toArray()).toThrow(/donated/);
  });

  test("may be views: of a part, transposed, of the same memory", () => {
    const double = compile((a: Tensor, b: Tensor) => [mul(a, 2), mul(b, 3)], { donate: [0, 1] });
    const whole = tensor([1, 2, 3, 4]);
    const [a, b] = double(slice(whole, [[0, 2]]), slice(whole, [[2, 4]]));
    expect(a.toArray()).toEqual([2, 4]);
    expect(b.toArray()).toEqual([9, 12]);
    const square = tensor([
      [1, 2],
      [3, 4],
    ]);
    const [c] = double(transpose(square, [1, 0]), tensor([1]));
    expect(c.toArray()).toEqual([
      [2, 6],
      [4, 8],
    ]);
    const twice = tensor([1, 2]);
    const [d, e] = double(twice, twice);
    expect([d.toArray(), e.toArray()]).toEqual([
      [2, 4],
      [3, 6],
    ]);
  });

  test("may be large, and overlap what else is read", () => {
    const size = 100_000;
    const data = () => Float32Array.from({ length: size + 1 }, (_, k) => k % 1000);
    const sums = compile((a: Tensor, b: Tensor) => add(a, b), { donate: [1] });
    for (const [from, to] of [
      [0, 1],
      [1, 0],
      [0, 0],
    ]) {
      const array = data();
      const view = (offset: number) => tensor({ data: array, shape: [size], stride: [1], offset });
      const made = sums(view(from), view(to)).toTypedArray();
      const expected = data();
      expect(made.every((x, k) => x === expected[k + from] + expected[k + to])).toBe(true);
    }
  });

  test("of the evaluator hold the same results", () => {
    const { WebAssembly } = globalThis;
    try {
      Reflect.deleteProperty(globalThis, "WebAssembly");
      const swap = compile((a: Tensor, b: Tensor) => [b, add(a, b)], { donate: [0, 1] });
      const [a, b] = [tensor([1, 2]), tensor([3, 4])];
      const made = swap(a, b);
      expect(made.map((x) => x.toArray())).toEqual([
        [3, 4],
        [4, 6],
      ]);
      expect(() => a.toArray()).toThrow(/donated/);
    } finally {
      globalThis.WebAssembly = WebAssembly;
    }
  });

  test("that the function does not have are an error", () => {
    expect(() => compile((x: Tensor) => x, { donate: [1] })(tensor(1))).toThrow(/names argument 1.*called with 1/);
  });
});
