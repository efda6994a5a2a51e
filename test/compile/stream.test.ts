import {
  add,
  greater,
  matmul,
  max,
  mean,
  min,
  mul,
  reshape,
  slice,
  softmax,
  softplus,
  square,
  sub,
  sum,
  type Tensor,
  tanh,
  tensor,
  transpose,
  where,
  zeros,
} from "@kinship/tensor";
import { compile, compiler, donor, explainer, type Streamer, streamer, verifier } from "@kinship/tensor/compile";
import { tanh as tanhRoutine } from "@kinship/tensor/routines";
import { openThreads } from "@kinship/tensor/threads";
import { describe, expect, test } from "vitest";
import type { KernelProgram } from "../../packages/tensor/src/compile/kernel.js";

/** Of float32, more than the few stretches below which a program is run in one piece. */
const elements = 4 * 65536 + 37;
const wave = (shift: number, size = elements): Tensor =>
  tensor(Float32Array.from({ length: size }, (_, k) => Math.sin(k * 0.37 + shift)));

/** With what each addition loses (Kahan): rounded about once. */
function sumOf(values: Iterable<number>): number {
  let [total, lost] = [0, 0];
  for (const value of values) {
    const next = value - lost;
    const sum = total + next;
    lost = sum - total - next;
    total = sum;
  }
  return total;
}

const expectSame = (found: Tensor, expected: Tensor): void => {
  expect(found.shape).toEqual(expected.shape);
  const [p, q] = [found.toTypedArray(), expected.toTypedArray()];
  let worst = 0;
  for (let k = 0; k < p.length; k++) worst = Math.max(worst, Math.abs(p[k] - q[k]));
  expect(worst).toBeLessThan(1e-6);
};

test("large elementwise programs run in little memory, and compute the same", () => {
  const f = (a: Tensor, b: Tensor, c: Tensor) => ({
    chain: mul(tanh(add(mul(a, b), 0.5)), c),
    mask: where(greater(a, b), a, b),
  });
  const inputs = [wave(0), wave(1), tensor(2)] as const;
  const compiled = compile(f, { verify: verifier });
  const [found, expected] = [compiled(...inputs), f(...inputs)];
  expectSame(found.chain, expected.chain);
  expectSame(found.mask, expected.mask);
  expect(compiled.explain(...inputs).memoryBytes).toBeLessThan(5 * 4 * elements);
});

test("views of inputs, and inputs that are not changed", () => {
  const x = tensor(wave(2, 2 * elements).toTypedArray(), { shape: [elements, 2] });
  const before = x.toTypedArray();
  const column = slice(x, [null, 1]);
  expectSame(compile((a: Tensor) => sub(a, 1))(column), sub(column, 1));
  expectSame(compile((a: Tensor) => sub(a, 1))(transpose(x)), sub(transpose(x), 1));
  expect(x.toTypedArray()).toEqual(before);
});

test("what looks beyond its own element is not cut into parts", () => {
  const x = wave(3);
  expectSame(compile((a: Tensor) => slice(a, [[null, null, -1]]))(x), slice(x, [[null, null, -1]]));
});

test("results that are a part of what is computed", () => {
  const x = wave(4);
  const f = (a: Tensor) => slice(softplus(tanh(a)), [[0, elements - 5]]);
  expectSame(compile(f, { verify: verifier })(x), f(x));
});

test("rows that are folded by themselves, with what all rows share", () => {
  const x = tensor(wave(5, 333 * 401).toTypedArray(), { shape: [333, 401] });
  const bias = wave(6, 401);
  const f = (a: Tensor, b: Tensor) => ({ p: softmax(add(a, b)), top: max(a, { axis: 1 }) });
  const compiled = compile(f, { verify: verifier });
  const [found, expected] = [compiled(x, bias), f(x, bias)];
  expectSame(found.p, expected.p);
  expectSame(found.top, expected.top);
  expect(compiled.explain(x, bias).memoryBytes).toBeLessThan(4 * x.size);
  const across = (a: Tensor) => sub(a, mean(a, { axis: 0 }));
  expectSame(compile(across)(x), across(x));
});

test("rows that are folded are the same bits however many threads there are, a row that is left over with them", async () => {
  const threads = await openThreads(2);
  const f = (a: Tensor) => sum(a, { axis: 1 });
  // One thread's stretches are 8192 rows. Added one after the other, the small numbers are lost.
  const rows = 4 * 8192 + 1;
  const x = tensor(
    Float32Array.from({ length: 7 * rows }, (_, k) => (k % 7 === 0 ? 1 : 2 ** -24)),
    { shape: [rows, 7] },
  );
  expect(compile(f, { threads })(x).toTypedArray()).toEqual(compile(f)(x).toTypedArray());
  threads.close();
});

test("donated memory is written, to the last element", () => {
  const x = wave(4);
  const expected = add(x, 1);
  const memory = x.data;
  const found = compile((a: Tensor) => add(a, 1), { donate: [0] })(x);
  expect(found.data).toBe(memory);
  expectSame(found, expected);
  expectSame(compile((a: Tensor) => add(a, 1))(zeros([elements])), add(zeros([elements]), 1));
});

test("donated memory of which another argument has rows of another length is read before it is written", () => {
  const rows = 4 * 16384 + 5;
  const numbers = wave(4, 4 * rows).toTypedArray();
  for (const [donated, other] of [
    [4, 1],
    [1, 4],
  ]) {
    const f = (a: Tensor, b: Tensor) => add(a, sum(b, { axis: 1, keepDimensions: true }));
    const compiled = compile(f, { donate: [0], verify: verifier });
    for (let call = 0; call < 2; call++) {
      const shared = tensor(numbers.slice());
      const inputs = [donated, other].map((columns) =>
        reshape(slice(shared, [[0, rows * columns]]), [rows, columns]),
      ) as [Tensor, Tensor];
      const expected = f(...inputs);
      expectSame(compiled(...inputs), expected);
    }
  }
});

test("donated memory is as it was where threads fail in the middle of a call", () => {
  let turns = 0;
  const failing: Streamer = {
    ...streamer,
    run(make, program, cut) {
      const shared = (part: KernelProgram) => {
        const made = make(part);
        const call: typeof made.call = (...args) => {
          if (turns++ === 2) throw new Error("a thread has ended");
          return made.call(...args);
        };
        return { ...made, shares: [2], call };
      };
      return streamer.run(shared, program, cut);
    },
  };
  const compiled = compiler({ routines: {}, donor, streamer: failing })((a: Tensor) => add(a, 1), { donate: [0] });
  const x = tensor(wave(5).toTypedArray());
  const { data } = x;
  expect(() => compiled(x)).toThrow("a thread has ended");
  expectSame(x, wave(5));
  let next = x;
  for (const added of [1, 2]) {
    next = compiled(next);
    expect(next.data).toBe(data);
    expectSame(next, add(wave(5), added));
  }
});

describe("what is folded over all rows", () => {
  const x = wave(7);
  const y = wave(8);
  const numbers = [...x.toTypedArray()];
  const squares = sumOf(numbers.map((value, k) => (value - y.get(k)) ** 2));

  test("is folded stretch by stretch, in little memory, with what is computed of it", () => {
    const f = (a: Tensor, b: Tensor) => {
      const total = sum(square(sub(a, b)));
      return { half: mul(total, 0.5), both: add(max(a), min(a)), total, difference: sub(a, b) };
    };
    const compiled = compile(f, { verify: verifier });
    const found = compiled(x, y);
    expect(found.total.item() / squares).toBeCloseTo(1, 6);
    expect(found.half.item()).toBe(Math.fround(found.total.item() / 2));
    expect(found.both.item()).toBe(
      Math.fround(numbers.reduce((a, b) => Math.max(a, b)) + numbers.reduce((a, b) => Math.min(a, b))),
    );
    expectSame(found.difference, sub(x, y));
    expect(compiled.explain(x, y).memoryBytes).toBeLessThan(5 * 4 * elements);
  });

  test("of rows of any length, and of float64", () => {
    const f = (a: Tensor) => mean(square(a));
    for (const [rows, columns] of [
      [667, 401],
      [270_001, 1],
      [4, 80_000],
    ]) {
      const a = tensor(wave(9, rows * columns).toTypedArray(), { shape: [rows, columns] });
      const wide = tensor(Float64Array.from(a.toTypedArray()), { shape: [rows, columns] });
      const expected = sumOf([...wide.toTypedArray()].map((value) => value ** 2)) / a.size;
      expect(compile(f, { verify: verifier })(a).item() / expected).toBeCloseTo(1, 6);
      expect(compile(f, { verify: verifier })(wide).item() / expected).toBeCloseTo(1, 13);
    }
  });

  test("keeps not-a-number, the signs of zeros, and whole numbers that wrap around", () => {
    const top = compile((a: Tensor) => max(a));
    const holes = Float32Array.from(numbers);
    holes[elements - 1] = Number.NaN;
    expect(top(tensor(holes)).item()).toBeNaN();
    const zero = new Float32Array(elements).fill(-0);
    expect(Object.is(top(tensor(zero)).item(), -0)).toBe(true);
    zero[40_000] = 0;
    expect(Object.is(top(tensor(zero)).item(), 0)).toBe(true);
    const large = tensor(new Int32Array(elements).fill(2 ** 30 + 1));
    expect(compile((a: Tensor) => sum(a))(large).item()).toBe(sum(large).item());
  });

  test("is the same however many threads there are, call after call", async () => {
    const f = (a: Tensor, b: Tensor) => [mean(square(sub(tanh(a), b))), tanh(a)];
    const threads = await openThreads(2);
    const [one, two] = [compile(f), compile(f, { threads })];
    const first = one(x, y);
    for (let call = 0; call < 3; call++) {
      expect(two(x, y)[0].toTypedArray()).toEqual(first[0].toTypedArray());
      expect(one(x, y)[1].toTypedArray()).toEqual(first[1].toTypedArray());
    }
    threads.close();
  });

  test("may take a donated tensor's memory", () => {
    const f = (a: Tensor) => [sum(a), add(a, 1)];
    const [total, next] = compile(f, { donate: [0] })(tensor(x.toTypedArray()));
    expect(total.item()).toBeCloseTo(sumOf(numbers), 3);
    expectSame(next, add(x, 1));
  });

  test("of what is not whole rows, or needs the total in every row, is computed in one piece", () => {
    const normal = (a: Tensor) => sub(a, mean(a));
    expectSame(compile(normal, { verify: verifier })(x), normal(x));
    const across = (a: Tensor) => sum(a, { axis: 0 });
    const matrix = tensor(wave(9, 164 * 1710).toTypedArray(), { shape: [164, 1710] });
    expectSame(compile(across, { verify: verifier })(matrix), across(matrix));
    const further = (a: Tensor, b: Tensor) => add(sum(a), b);
    expect(compile(further, { verify: verifier })(x, tensor(2)).item()).toBeCloseTo(2 + sumOf(numbers), 3);
  });
});

test("first kernels that work row by row are run so, and those that need little of it after them", () => {
  const [tasks, rows, features] = [237, 90, 28];
  const shaped = (shift: number, ...shape: number[]) =>
    tensor(
      wave(
        shift,
        shape.reduce((a, b) => a * b),
      ).toTypedArray(),
      { shape },
    );
  const f = (x: Tensor, y: Tensor, w: Tensor, k: Tensor) => {
    const residual = sub(matmul(x, reshape(w, [tasks, features, 1])), y);
    const pull = matmul(transpose(x, [0, 2, 1]), residual);
    return add(reshape(pull, [tasks, features]), matmul(k, w));
  };
  const inputs = [
    shaped(0, tasks, rows, features),
    shaped(1, tasks, rows, 1),
    mul(shaped(2, tasks, features), 0.01),
    shaped(3, tasks, tasks),
  ] as const;
  const compiled = compile(f, { verify: verifier });
  const expected = f(...inputs).toTypedArray();
  for (let call = 0; call < 2; call++) {
    const found = compiled(...inputs).toTypedArray();
    for (let k = 0; k < expected.length; k++) expect(found[k]).toBeCloseTo(expected[k], 4);
  }
  const { memoryBytes, kernels } = compiled.explain(...inputs);
  expect(memoryBytes).toBeLessThan(4 * tasks * rows * features);
  expect(kernels.map(({ kind }) => kind)).toEqual(["loops", "loops", "product", "loops"]);
});

test("rows that later kernels need as a whole are not cut", () => {
  const x = tensor(wave(7, 400 * 400).toTypedArray(), { shape: [400, 400] });
  const f = (a: Tensor) => matmul(tanh(a), a);
  const compiled = compile(f, { verify: verifier });
  const [found, expected] = [compiled(x).toTypedArray(), f(x).toTypedArray()];
  for (let k = 0; k < expected.length; k += 7) expect(found[k]).toBeCloseTo(expected[k], 3);
  const inOnePiece = compiler({ routines: { tanh: tanhRoutine }, explainer })(f).explain(x);
  expect(compiled.explain(x).memoryBytes).toBe(inOnePiece.memoryBytes);
});
