import { grad, valueAndGrad } from "@kinship/autodiff";
import {
  add,
  concat,
  flip,
  matmul,
  mean,
  mul,
  type Structure,
  slice,
  softmax,
  sub,
  sum,
  type Tensor,
  tanh,
  tensor,
  transpose,
  zeros,
} from "@kinship/tensor";
import { compile, explainScan, scan, verifier } from "@kinship/tensor/compile";
import { describe, expect, test } from "vitest";

const running = (total: Tensor, x: Tensor) => ({ state: add(total, x), output: total });

/** The meaning of scan: a loop over rows with the evaluator. */
function slowly<S, B extends Record<string, Tensor>>(
  step: (state: S, batch: B) => { state: S; output: Tensor },
  state: S,
  batches: B,
): { state: S; output: number[] } {
  const outputs: number[] = [];
  let current = state;
  for (let k = 0; k < Object.values(batches)[0].shape[0]; k++) {
    const batch = Object.fromEntries(Object.entries(batches).map(([key, x]) => [key, slice(x, [k])])) as B;
    const made = step(current, batch);
    current = made.state;
    outputs.push(...made.output.toTypedArray());
  }
  return { state: current, output: outputs };
}

test("the state goes from step to step, outputs are stacked", () => {
  const { state, output } = scan(running, tensor(0), tensor([1, 2, 3]));
  expect(state.item()).toBe(6);
  expect(output.toArray()).toEqual([0, 1, 3]);
});

test("steps may differ in number without another program, and may be none", () => {
  let traced = 0;
  const step = (total: Tensor, x: Tensor) => {
    traced++;
    return running(total, x);
  };
  expect(scan(step, tensor(1), tensor([1, 2])).state.item()).toBe(4);
  expect(scan(step, tensor(1), tensor([1, 2, 3])).state.item()).toBe(7);
  const none = scan(step, tensor(1), zeros([0]));
  expect(none.state.item()).toBe(1);
  expect(none.output.shape).toEqual([0]);
  expect(traced).toBe(1);
});

test("states that trade places, that stay, and that are batches", () => {
  type State = { a: Tensor; b: Tensor; c: Tensor };
  const step = ({ a, b, c }: State, x: Tensor) => ({ state: { c: x, b: a, a: b }, output: [c, add(a, x)] });
  const state = { a: tensor([1, 2]), b: tensor([3, 4]), c: tensor([5, 6]) };
  const batches = tensor([
    [10, 20],
    [30, 40],
    [50, 60],
  ]);
  const made = scan(step, state, batches);
  expect(made.state.a.toArray()).toEqual([3, 4]);
  expect(made.state.b.toArray()).toEqual([1, 2]);
  expect(made.state.c.toArray()).toEqual([50, 60]);
  expect(made.output.map((x) => x.toArray())).toEqual([
    [
      [5, 6],
      [10, 20],
      [30, 40],
    ],
    [
      [11, 22],
      [33, 44],
      [51, 62],
    ],
  ]);
  expect(state.a.toArray()).toEqual([1, 2]);
});

/** Gradient descent with momentum on a small regression: results of several sizes, some updated in place. */
interface Trained {
  readonly weights: Tensor;
  readonly velocity: Tensor;
}
function train({ weights, velocity }: Trained, { x, y }: { x: Tensor; y: Tensor }) {
  const loss = (w: Tensor): Tensor => {
    const error = sub(tanh(matmul(x, w)), y);
    return sum(mul(error, error));
  };
  const [value, gradient] = valueAndGrad(loss)(weights);
  const next = sub(mul(velocity, 0.5), mul(gradient, 0.01));
  return { state: { weights: add(weights, next), velocity: next }, output: value };
}

const wave = (shape: number[], seed: number): Tensor => {
  const size = shape.reduce((a, b) => a * b, 1);
  return tensor(
    Float64Array.from({ length: size }, (_, k) => Math.sin(seed + 1.7 * k)),
    { shape },
  );
};

test("training is that of the evaluator, step by step", () => {
  const state = { weights: wave([5, 3], 1), velocity: zeros([5, 3], "float64") };
  const batches = { x: wave([20, 7, 5], 2), y: wave([20, 7, 3], 3) };
  const slow = slowly(train, state, batches);
  const fast = scan(train, state, batches, { verify: verifier });
  expect(fast.output.shape).toEqual([20]);
  fast.output.toTypedArray().forEach((x, k) => {
    expect(x).toBeCloseTo(slow.output[k], 12);
  });
  for (const key of ["weights", "velocity"] as const)
    fast.state[key].toTypedArray().forEach((x, k) => {
      expect(x).toBeCloseTo(slow.state[key].toTypedArray()[k], 12);
    });
});

describe("a state that is read otherwise than it is written is not written over", () => {
  const mixing = wave([6, 6], 4);
  const updates: Record<string, (s: Tensor, x: Tensor) => Tensor> = {
    transposed: (s, x) => mul(transpose(s, [1, 0]), x),
    reversed: (s, x) => mul(flip(s), x),
    product: (s, x) => mul(matmul(s, mixing), x),
    "product alone": (s) => matmul(s, mixing),
    shifted: (s, x) => concat([slice(s, [[1, null]]), mul(slice(s, [[0, 1]]), x)]),
    softmax: (s, x) => softmax(mul(s, x)),
    "less its mean": (s, x) => mul(sub(s, mean(s, { axis: 0, keepDimensions: true })), x),
    "times its sum": (s, x) => mul(mul(s, sum(s)), x),
    elementwise: (s, x) => add(mul(s, x), 1),
  };
  for (const [name, update] of Object.entries(updates))
    test(name, () => {
      const step = (s: Tensor, { x }: { x: Tensor }) => ({ state: update(s, x), output: sum(s) });
      const rows = { x: tensor(new Float64Array([0.5, -0.25, 1, 0.75])) };
      const slow = slowly(step, wave([6, 6], 1), rows);
      const fast = scan(step, wave([6, 6], 1), rows, { verify: verifier });
      expect(fast.state.toTypedArray().length).toBe(36);
      fast.state.toTypedArray().forEach((value, k) => {
        expect(value).toBeCloseTo(slow.state.toTypedArray()[k], 10);
      });
    });
});

test("batches may be strided views", () => {
  const x = wave([4, 6], 1);
  const odd = tensor({ data: x.data, shape: [3, 4], stride: [-1, 6], offset: 4 });
  const { output } = scan((s: Tensor, row: Tensor) => ({ state: s, output: sum(row) }), tensor(0), odd);
  const expected = [4, 3, 2].map((k) => [0, 1, 2, 3].reduce((total, n) => total + x.get(n, k), 0));
  output.toTypedArray().forEach((value, k) => {
    expect(value).toBeCloseTo(expected[k], 14);
  });
});

test("under a transformation it is a loop, which derivatives and compile pass", () => {
  const total = (x: Tensor): Tensor => {
    const made = scan((s: Tensor, row: Tensor) => ({ state: mul(s, row), output: [] }), tensor(1), x);
    return made.state;
  };
  expect(grad(total)(tensor([2, 3, 4])).toArray()).toEqual([12, 8, 6]);
  expect(compile(total)(tensor([2, 3, 4])).item()).toBe(24);
  const none = compile((x: Tensor) => scan(running, tensor(1), x))(zeros([0]));
  expect(none.state.item()).toBe(1);
  expect(none.output.shape).toEqual([0]);
});

test("without WebAssembly steps are evaluated", () => {
  const { WebAssembly } = globalThis;
  try {
    Reflect.deleteProperty(globalThis, "WebAssembly");
    const { state, output } = scan((total: Tensor, x: Tensor) => running(total, x), tensor(0), tensor([1, 2, 3]));
    expect(state.item()).toBe(6);
    expect(output.toArray()).toEqual([0, 1, 3]);
  } finally {
    globalThis.WebAssembly = WebAssembly;
  }
});

describe("steps go to blocks of memory and back", () => {
  test("ten thousand small ones", () => {
    const x = wave([10_000], 1);
    const { state, output } = scan(running, tensor(new Float64Array([0]), { shape: [] }), x);
    let total = 0;
    for (const [k, value] of x.toTypedArray().entries()) {
      expect(output.get(k)).toBe(total);
      total += value;
    }
    expect(state.item()).toBe(total);
  });

  test("few large ones, of odd sizes, with states that trade places", () => {
    const step = ([a, b, c]: Tensor[], { x, y }: { x: Tensor; y: Tensor }) => ({
      state: [b, add(a, slice(x, [[0, 3]])), c],
      output: [mul(x, 2), a, y, c],
    });
    const wide = wave([7, 50_001], 1);
    const bytes = tensor(
      Array.from({ length: 21 }, (_, k) => k),
      { shape: [7, 3], dtype: "uint8" },
    );
    const start = [wave([3], 2), wave([3], 3), wave([3], 4)];
    const { state, output } = scan(step, start, { x: wide, y: bytes });
    let [a, b] = [start[0].toTypedArray(), start[1].toTypedArray()];
    for (let k = 0; k < 7; k++) {
      const x = slice(wide, [k]).toTypedArray();
      expect(slice(output[0], [k]).toTypedArray()).toEqual(x.map((v) => 2 * v));
      expect(slice(output[1], [k]).toTypedArray()).toEqual(a);
      expect(slice(output[2], [k]).toTypedArray()).toEqual(slice(bytes, [k]).toTypedArray());
      expect(slice(output[3], [k]).toTypedArray()).toEqual(start[2].toTypedArray());
      [a, b] = [b, a.map((v, n) => v + x[n])];
    }
    expect(state.map((s) => s.toTypedArray())).toEqual([a, b, start[2].toTypedArray()]);
  });

  test("a state of nothing, and a step that gives nothing", () => {
    const { state, output } = scan(
      (s: Tensor[], x: Tensor) => ({ state: s, output: mul(x, x) }),
      [],
      tensor([1, 2, 3]),
    );
    expect(state).toEqual([]);
    expect(output.toArray()).toEqual([1, 4, 9]);
    expect(
      scan((s: Tensor, x: Tensor) => ({ state: add(s, x), output: [] }), tensor(0), tensor([1, 2])).output,
    ).toEqual([]);
  });
});

describe("progress", () => {
  const x = wave([1000], 1);

  test("is told in order, up to the last step, and changes no bit", () => {
    const told: number[] = [];
    const progress = (done: number, count: number): void => {
      expect(count).toBe(1000);
      told.push(done);
    };
    const start = tensor(new Float64Array([0]), { shape: [] });
    const watched = scan(running, start, x, { progress });
    expect(told.length).toBeGreaterThan(1);
    expect(told).toEqual([...told].sort((a, b) => a - b));
    expect(told.at(-1)).toBe(1000);
    expect(watched.output.toTypedArray()).toEqual(scan(running, start, x).output.toTypedArray());
  });

  test("may abort: the scan ends with the reason, the state is as it was, and the next scan is right", () => {
    const controller = new AbortController();
    const start = tensor(new Float64Array([1]), { shape: [] });
    const reason = new Error("enough");
    let last = 0;
    const progress = (done: number): void => {
      last = done;
      controller.abort(reason);
    };
    expect(() => scan(running, start, x, { progress, signal: controller.signal })).toThrow(reason);
    expect(last).toBeLessThan(1000);
    expect(start.item()).toBe(1);
    expect(scan(running, start, tensor(new Float64Array([1, 2]))).state.item()).toBe(4);
    expect(() => scan(running, start, x, { signal: controller.signal })).toThrow(reason);
  });

  test("may scan with the same step, even within it once more: each has a state of its own", () => {
    const start = tensor(new Float64Array([1]), { shape: [] });
    const alone = scan(running, start, x);
    const inner: number[] = [];
    const other = (depth: number) => (): void => {
      if (inner.length > 6) return;
      const progress = depth > 0 ? other(depth - 1) : () => undefined;
      const { state } = scan(
        running,
        tensor(new Float64Array([100]), { shape: [] }),
        tensor(new Float64Array([1, 2])),
        { progress },
      );
      inner.push(state.item());
    };
    const outer = scan(running, start, x, { progress: other(2) });
    expect(inner.length).toBeGreaterThan(6);
    expect(new Set(inner)).toEqual(new Set([103]));
    expect(outer.state.item()).toBe(alone.state.item());
    expect(outer.output.toTypedArray()).toEqual(alone.output.toTypedArray());
  });
});

test("what became of a step can be looked at, and timed", () => {
  const state = { weights: wave([5, 3], 1), velocity: zeros([5, 3], "float64") };
  const batches = { x: wave([20, 7, 5], 2), y: wave([20, 7, 3], 3) };
  const { kernels, backend, passes } = explainScan(train, state, batches);
  expect(backend).toBe("webassembly");
  expect(kernels.map(({ kind }) => kind)).toContain("product");
  expect(passes.plan).toContain("bytes");
  expect(kernels.every(({ measured }) => measured === undefined)).toBe(true);
  const plain = scan(train, state, batches);
  const timed = scan(train, state, batches, { profile: true });
  expect(timed.output.toTypedArray()).toEqual(plain.output.toTypedArray());
  const { kernels: measured } = explainScan(train, state, batches, { profile: true });
  expect(measured.every((kernel) => kernel.measured!.milliseconds > 0)).toBe(true);
});

describe("a step that cannot be repeated is an error that says why", () => {
  const cases: [string, () => unknown, RegExp][] = [
    ["no steps", () => scan(running, tensor(0), [] as unknown as Tensor), /no tensor in batches/],
    ["no axis", () => scan(running, tensor(0), tensor(1)), /batches has no axes/],
    [
      "steps that differ",
      () => scan((s: Tensor, _: Tensor[]) => ({ state: s, output: s }), tensor(0), [tensor([1, 2]), tensor([1])]),
      /batches\[0\] has 2 steps, batches\[1\] has 1/,
    ],
    [
      "no state",
      () => scan((s: Tensor) => s as never, tensor(0), tensor([1])),
      /must return \{ state, output \}, found/,
    ],
    ["a promise", () => scan((async () => {}) as never, tensor(0), tensor([1])), /promise at the step's result; await/],
    [
      "another number",
      () => scan((s: { k: number }, x: Tensor) => ({ state: { k: s.k + 1 }, output: x }), { k: 0 }, tensor([1])),
      /returned other numbers.*than it got; pass what changes as a tensor/,
    ],
    [
      "another shape",
      () =>
        scan((s: { w: Tensor }) => ({ state: { w: concat([s.w, s.w]) }, output: [] }), { w: tensor([1]) }, tensor([1])),
      /state\.w is float32 \[1\] before the step and float32 \[2\] after it/,
    ],
    [
      "a lost tensor",
      () =>
        scan((s: Structure) => ({ state: {} as typeof s, output: [] }), { w: tensor([1]) }, tensor([1]) as Structure),
      /without state\.w/,
    ],
    [
      "a new tensor",
      () =>
        scan(
          (s: Structure, x: Structure) => ({ state: { ...(s as object), v: x } as typeof s, output: [] }),
          { w: tensor([1]) },
          tensor([1]) as Structure,
        ),
      /with state\.v that it did not get/,
    ],
  ];
  for (const [name, run, message] of cases)
    test(name, () => {
      expect(run).toThrow(message);
      expect(scan(running, tensor(0), tensor([1, 2, 3])).state.item()).toBe(6);
    });
});
