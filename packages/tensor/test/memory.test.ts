import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compile } from "../src/compile/index.js";
import {
  add,
  evaluate,
  exp,
  matmul,
  mul,
  release,
  reshape,
  slice,
  softmax,
  sum,
  type Tensor,
  tensor,
  withInterpreter,
  zeros,
} from "../src/index.js";

const vector = (size: number) => tensor(Array.from({ length: size }, (_, k) => (k % 17) - 8));

describe("release", () => {
  test("gives the memory to the next result of the same dtype and size", () => {
    const x = vector(100);
    const first = add(x, 1);
    const { data } = first;
    release(first);
    const second = reshape(mul(x, 2), [10, 10]);
    expect(second.data === data).toBe(true);
    expect(second.toTypedArray()).toEqual(Float32Array.from(x.toTypedArray(), (value) => value * 2));
    expect(add(x, 1).data === data).toBe(false);
  });

  test("gives nothing to other dtypes and sizes, nor to tensors of zeros", () => {
    const made = add(vector(100), 1);
    const { data } = made;
    release(made);
    const others = [add(vector(99), 1), add(vector(101), 1), mul(tensor(new Float64Array(100)), 2), zeros([100])];
    expect(others.map((x) => x.data.buffer === data.buffer)).toEqual([false, false, false, false]);
    expect(others[3].toTypedArray()).toEqual(new Float32Array(100));
  });

  test("makes reading the tensor, or a view of it, an error that says so", () => {
    const x = add(vector(100), 1);
    const view = slice(x, [[10, 20]]);
    release(x);
    expect(() => x.toArray()).toThrow(/released, and a result may have its memory/);
    expect(() => view.get(0)).toThrow(/released/);
    expect(() => add(x, 1)).toThrow(/released/);
    expect(() => release(x, view)).not.toThrow();
  });

  test("lets go of memory that was handed in, and never writes to it", () => {
    const own = new Float32Array(100).fill(3);
    const ndarray = { data: own, shape: [10, 10], stride: [10, 1], offset: 0 };
    for (const x of [tensor(own), tensor(own, { shape: [10, 10] }), tensor(ndarray)]) {
      release(x);
      expect(add(vector(100), 1).data.buffer === own.buffer).toBe(false);
    }
    expect(own).toEqual(new Float32Array(100).fill(3));
  });

  test("does not take a part of a buffer, where other tensors may have theirs", () => {
    const buffer = new Float32Array(300);
    const made = compile((x: Tensor) => add(x, 1), { donate: [0] })(tensor(buffer.subarray(100, 200)));
    expect(made.data.buffer === buffer.buffer).toBe(true);
    release(made);
    expect(add(vector(100), 1).data.buffer === buffer.buffer).toBe(false);
  });

  test("does nothing under another interpreter, which may need the values later", () => {
    const x = add(vector(100), 1);
    withInterpreter({ apply: (...site) => evaluate.apply(...site) }, () => release(x));
    expect(x.get(0)).toBe(-7);
    const f = compile((y: Tensor) => {
      const middle = exp(y);
      const out = mul(middle, 2);
      release(y, middle);
      return out;
    });
    expect(f(zeros([100])).get(99)).toBe(2);
  });

  test("serves results of compiled functions", () => {
    const f = compile((x: Tensor) => [add(x, 1), matmul(x, x)]);
    const x = reshape(vector(400), [20, 20]);
    const first = f(x);
    const expected = first.map((y) => y.toTypedArray());
    const arrays = first.map((y) => y.data);
    release(...first);
    const second = f(x);
    expect(second.map(({ data }) => arrays.includes(data as Float32Array))).toEqual([true, true]);
    expect(second.map((y) => y.toTypedArray())).toEqual(expected);
  });

  test("holds no more than it says: what is beyond is collected", () => {
    const size = 2 ** 24;
    const made = [1, 2, 3].map((k) => add(zeros([size]), k));
    const arrays = made.map(({ data }) => data);
    release(...made);
    const again = [1, 2, 3].map((k) => add(zeros([size]), k));
    expect(again.filter(({ data }) => arrays.includes(data)).length).toBe(2);
  });

  test("changes no result, in whatever order tensors are made and released", () => {
    const operations: readonly ((x: Tensor) => Tensor)[] = [
      (x) => add(x, 0.5),
      (x) => mul(x, x),
      (x) => softmax(x, { axis: 1 }),
      (x) => matmul(x, x),
      (x) => add(x, sum(x, { axis: 0 })),
    ];
    const steps = fc.array(fc.tuple(fc.nat(operations.length - 1), fc.boolean()), { maxLength: 12 });
    fc.assert(
      fc.property(steps, (chosen) => {
        const start = softmax(reshape(vector(64), [8, 8]));
        let [plain, recycled] = [start, add(start, 0)];
        for (const [which, releases] of chosen) {
          const previous = recycled;
          plain = operations[which](plain);
          recycled = operations[which](recycled);
          if (releases) release(previous);
        }
        expect(recycled.toTypedArray()).toEqual(plain.toTypedArray());
      }),
    );
  });
});
