import { add, concat, mul, slice, solve, sum, type Tensor, tensor, transpose, zeros } from "@kinship/tensor";
import { compile, verifier } from "@kinship/tensor/compile";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { interpret, randomProgram } from "./programs.js";

const step = (state: { w: Tensor; v: Tensor }, x: Tensor) => {
  const v = add(mul(state.v, 0.5), x);
  return { state: { w: add(state.w, v), v }, loss: sum(v) };
};
const fresh = () => ({ w: tensor([1, 2, 3]), v: tensor([4, 5, 6]) });

describe("donated arguments", () => {
  test("give their arrays to results of the same shape and dtype", () => {
    const compiled = compile(step, { donate: [0], verify: verifier });
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

  test("may be without elements", () => {
    const twice = compile((x: Tensor) => concat([x, x], 1), { donate: [0], verify: verifier });
    expect(twice(twice(zeros([3, 0]))).shape).toEqual([3, 0]);
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

describe("a call for whose results there is no memory leaves the state as it was", () => {
  const { Float32Array } = globalThis;
  const steps: Record<string, (a: Tensor, b: Tensor) => Tensor[]> = {
    "in its place": (a, b) => [add(a, 1), add(b, 2), sum(a)],
    "that is moved": (a, b) => [b, a, sum(a)],
  };
  for (const [name, step] of Object.entries(steps))
    test(name, () => {
      const compiled = compile(step, { donate: [0, 1] });
      const start = (from: number) => [tensor([from, 2, 3]), tensor([from, 5, 6])] as const;
      const [a, b] = compiled(...start(1));
      const expected = step(...start(1)).slice(0, 2);
      try {
        globalThis.Float32Array = class {
          constructor() {
            throw new RangeError("Array buffer allocation failed");
          }
        } as never;
        expect(() => compiled(a, b)).toThrow(/allocation failed/);
      } finally {
        globalThis.Float32Array = Float32Array;
      }
      // Another state takes its place.
      compiled(...start(7));
      expect([a.toArray(), b.toArray()]).toEqual(expected.map((x) => x.toArray()));
    });
});

/** Elements that arrays of float32 take from other arrays while `body` runs. */
function copied(body: () => void): number {
  const { set } = Float32Array.prototype;
  let elements = 0;
  Float32Array.prototype.set = function (this: Float32Array, from: ArrayLike<number>, at?: number) {
    elements += from.length;
    set.call(this, from, at);
  };
  try {
    body();
  } finally {
    Float32Array.prototype.set = set;
  }
  return elements;
}

describe("donated again and again, a state stays in the program's memory", () => {
  const start = () => ({ w: tensor(new Float32Array(100).fill(1)), v: tensor(new Float32Array(100).fill(2)) });
  const x = tensor(new Float32Array(100).fill(3));
  const stepped = (steps: number): number[] => {
    let state = start();
    for (let k = 0; k < steps; k++) state = step(state, x).state;
    return [...state.w.toTypedArray(), ...state.v.toTypedArray()];
  };
  const values = ({ w, v }: { w: Tensor; v: Tensor }) => [...w.toTypedArray(), ...v.toTypedArray()];

  test("and is not copied until it is read", () => {
    const compiled = compile(step, { donate: [0], verify: verifier });
    let { state } = compiled(start(), x);
    // The other argument is written, and the loss is read.
    const call = () => {
      ({ state } = compiled(state, x));
    };
    for (let k = 0; k < 5; k++) expect(copied(call)).toBe(101);
    expect(copied(() => expect(values(state)).toEqual(stepped(6)))).toBe(200);
    // It may have been written to since.
    expect(copied(call)).toBe(301);
    expect(values(state)).toEqual(stepped(7));
  });

  test("unless another state comes between, which takes nothing from it", () => {
    const compiled = compile(step, { donate: [0] });
    let { state: first } = compiled(start(), x);
    let { state: second } = compiled(start(), x);
    ({ state: second } = compiled(second, x));
    ({ state: first } = compiled(first, x));
    const { w, v } = compiled(start(), x).state;
    expect(values(first)).toEqual(stepped(2));
    expect(values(second)).toEqual(stepped(2));
    const { state: mixed } = compiled({ w, v: second.v }, x);
    const slow = step({ w: step(start(), x).state.w, v: step(step(start(), x).state, x).state.v }, x).state;
    expect(values(mixed)).toEqual(values(slow));
    expect(values(first)).toEqual(stepped(2));
    expect(v.toArray()).toEqual(step(start(), x).state.v.toArray());
  });

  test("until it is written to", () => {
    const compiled = compile(step, { donate: [0] });
    const slow = compile(step);
    for (const write of [
      (w: Tensor) => w.set(3, 7),
      (w: Tensor) => {
        w.data[3] = 7;
      },
    ]) {
      const { state } = compiled(start(), x);
      const { state: other } = slow(start(), x);
      write(state.w);
      write(other.w);
      expect(values(compiled(state, x).state)).toEqual(values(slow(other, x).state));
    }
  });

  test("and other functions read it, views of it too", () => {
    const compiled = compile(step, { donate: [0] });
    const { state } = compiled(start(), x);
    const part = slice(state.w, [[10, 20]]);
    const { state: next } = compiled({ w: tensor(new Float32Array(100)), v: transpose(state.v) }, x);
    expect(part.toArray()).toEqual(stepped(1).slice(10, 20));
    expect(compile((w: Tensor) => sum(w))(state.w).item()).toBe(
      stepped(1)
        .slice(0, 100)
        .reduce((p, q) => p + q),
    );
    expect(next.v.toArray()).toEqual(stepped(2).slice(100));
  });

  test("given twice, it is what it was", () => {
    const compiled = compile((a: Tensor, b: Tensor) => [add(a, b), mul(a, 2)], { donate: [0] });
    const [a] = compiled(tensor([1, 2]), tensor([3, 4]));
    const [b, c] = compiled(a, a);
    expect([b.toArray(), c.toArray()]).toEqual([
      [8, 12],
      [8, 12],
    ]);
  });

  test("trades places", () => {
    const turn = compile((a: Tensor, b: Tensor, c: Tensor) => [b, c, a], { donate: [0, 1, 2], verify: verifier });
    let state = [tensor([1]), tensor([2]), tensor([3])];
    for (let k = 1; k < 8; k++) {
      state = turn(state[0], state[1], state[2]);
      if (k % 3 === 0) expect(state.map((s) => s.item())).toEqual([1, 2, 3]);
    }
    expect(state.map((s) => s.item())).toEqual([2, 3, 1]);
  });

  test("is as it was after a call that fails, before it begins or within", () => {
    const solving = compile((s: Tensor, a: Tensor) => solve(a, mul(s, 2)), { donate: [0] });
    const unit = tensor([
      [1, 0],
      [0, 1],
    ]);
    let s = solving(tensor([1, 2]), unit);
    expect(() => solving(s, tensor(new Float32Array(4), { shape: [2, 2] }))).toThrow(/singular/);
    expect(s.toArray()).toEqual([2, 4]);
    s = solving(s, unit);
    expect(s.toArray()).toEqual([4, 8]);

    const compiled = compile(step, { donate: [0] });
    const gone = tensor(new Float32Array(100));
    compile((y: Tensor) => y, { donate: [0] })(gone);
    const { state } = compiled(start(), x);
    expect(() => compiled(state, gone)).toThrow(/donated/);
    expect(values(compiled(state, x).state)).toEqual(stepped(2));
  });

  test("whatever the step: random programs, with states that are read, left and taken up again", () => {
    const likeness = ({ dtype, shape }: Tensor) => `${dtype} [${shape}]`;
    const bits = (xs: readonly Tensor[]) => xs.map((y) => Buffer.from(y.toTypedArray().buffer).toString("base64"));
    fc.assert(
      fc.property(randomProgram, fc.array(fc.nat(5), { minLength: 3, maxLength: 6 }), (program, moves) => {
        const { inputs, f } = interpret(program);
        const step = (state: Tensor[], turn: Tensor) => {
          const results = f(...state);
          const all = [...results, ...state];
          const like = (s: Tensor, k: number) => {
            const those = all.filter((y) => likeness(y) === likeness(s));
            return those[(turn.size + k) % those.length];
          };
          return { state: state.map(like), output: results };
        };
        const donated = compile(step, { donate: [0], verify: verifier });
        const plain = compile(step);
        const copies = () => inputs.map((s) => tensor(s.toTypedArray(), { shape: s.shape }));
        const chains = [copies(), copies()];
        const expected = [copies(), copies()];
        for (const move of moves) {
          const chain = move % 2;
          const turn = zeros([move === 5 ? 2 : 1]);
          const made = donated(chains[chain], turn);
          const right = plain(expected[chain], turn);
          chains[chain] = made.state;
          expected[chain] = right.state;
          expect(bits(made.output)).toEqual(bits(right.output));
          if (move > 3) expect(bits(made.state)).toEqual(bits(right.state));
        }
        expect(chains.map(bits)).toEqual(expected.map(bits));
      }),
    );
  });
});
