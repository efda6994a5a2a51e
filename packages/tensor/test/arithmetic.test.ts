import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as kinship from "../src/index.js";
import {
  add,
  all,
  any,
  type Binary,
  broadcastTo,
  clip,
  div,
  elu,
  leakyRelu,
  logSoftmax,
  logSumExp,
  max,
  mean,
  min,
  mul,
  norm,
  pow,
  prod,
  round,
  softmax,
  sum,
  type Tensor,
  tensor,
  type Unary,
  variance,
  where,
  zeros,
} from "../src/index.js";
import { build, filled, indices, scattered, shapes, sizeOf, special, tensors, values } from "./support/arbitrary.js";
import { expectNear, expectSame } from "./support/expect.js";

const operations = { ...kinship };

/** What each elementwise operation means for one number, by the language's own functions. */
const unary: Record<string, (x: number) => number> = {
  neg: (x) => -x,
  abs: Math.abs,
  sign: Math.sign,
  square: (x) => x * x,
  sqrt: Math.sqrt,
  rsqrt: (x) => 1 / Math.sqrt(x),
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  tanh: Math.tanh,
  floor: Math.floor,
  ceil: Math.ceil,
  relu: (x) => Math.max(x, 0),
  isNaN: (x) => Number(Number.isNaN(x)),
  isFinite: (x) => Number(Number.isFinite(x)),
  logicalNot: (x) => Number(x === 0),
};

const binary: Record<string, (x: number, y: number) => number> = {
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
  maximum: Math.max,
  minimum: Math.min,
  atan2: Math.atan2,
  equal: (x, y) => Number(x === y),
  notEqual: (x, y) => Number(x !== y),
  less: (x, y) => Number(x < y),
  lessEqual: (x, y) => Number(x <= y),
  greater: (x, y) => Number(x > y),
  greaterEqual: (x, y) => Number(x >= y),
  logicalAnd: (x, y) => Number(x !== 0 && y !== 0),
  logicalOr: (x, y) => Number(x !== 0 || y !== 0),
};

/** Two shapes that broadcast, from one: some axes set to 1, some leading ones dropped. */
const pairs = shapes(0, 3).chain((shape) => {
  const part = fc
    .tuple(fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }), fc.nat({ max: shape.length }))
    .map(([single, drop]) => shape.map((n, a) => (single[a] ? 1 : n)).slice(drop));
  return fc.tuple(part, part).chain(([a, b]) =>
    fc.tuple(values(sizeOf(a), special), values(sizeOf(b), special), fc.boolean()).map(([p, q, strided]) => {
      const [x, y] = [filled(a, p), filled(b, q)];
      return strided ? ([scattered(x), scattered(y)] as const) : ([x, y] as const);
    }),
  );
});

const dtypeOf = (name: string) => (/^(is|equal|notEqual|less|greater|logical)/.test(name) ? "uint8" : "float64");

describe("elementwise", () => {
  test.each(Object.entries(unary))("%s of any number, in any layout", (name, f) =>
    fc.assert(
      fc.property(tensors(0, 3, special), (x) => {
        const operation = operations[name as "neg"] as Unary;
        expectSame(
          operation(x),
          build(x.shape, (index) => f(x.get(...index)), dtypeOf(name)),
        );
      }),
    ),
  );
  test.each(Object.entries(binary))("%s broadcasts", (name, f) =>
    fc.assert(
      fc.property(pairs, ([x, y]) => {
        const operation = operations[name as "add"] as Binary;
        const found = operation(x, y);
        const [a, b] = [broadcastTo(x, found.shape), broadcastTo(y, found.shape)];
        expectSame(
          found,
          build(found.shape, (index) => f(a.get(...index), b.get(...index)), dtypeOf(name)),
        );
      }),
    ),
  );
  test("results of more than one block are like those of one", () => {
    const x = build([3, 700], ([i, j]) => ((i * 700 + j) % 97) / 8);
    const row = build([700], ([j]) => (j % 13) / 4);
    expectSame(
      add(mul(x, row), 2),
      build([3, 700], ([i, j]) => x.get(i, j) * row.get(j) + 2),
    );
    const single = kinship.cast(x, "float32");
    expectSame(
      mul(single, 3),
      build([3, 700], ([i, j]) => single.get(i, j) * 3, "float32"),
    );
    expectSame(
      add(single, single),
      build([3, 700], ([i, j]) => single.get(i, j) * 2, "float32"),
    );
  });
  test("whole numbers wrap at 32 bits, and at 8", () => {
    const big = tensor(Int32Array.of(2 ** 31 - 1, -(2 ** 31)));
    expect(add(big, 1).toArray()).toEqual([-(2 ** 31), -(2 ** 31) + 1]);
    expect(mul(big, big).toArray()).toEqual([1, 0]);
    expect(add(tensor(Uint8Array.of(250)), tensor(Uint8Array.of(10))).toArray()).toEqual([4]);
    expect(div(tensor(Int32Array.of(3)), 2).toArray()).toEqual([1.5]);
  });
  test("mixed types give the wider, numbers the tensor's own", () => {
    expect(add(tensor(Int32Array.of(1)), tensor(Float64Array.of(1))).dtype).toBe("float64");
    expect(add(tensor([1]), 2).dtype).toBe("float32");
    expect(add(tensor(Float64Array.of(1)), 0.1).item()).toBe(1.1);
    expect(add(tensor(Int32Array.of(1)), 0.5).dtype).toBe("float32");
    expect(add(tensor(Int32Array.of(1)), 2).dtype).toBe("int32");
  });
  test("pow follows IEEE 754", () => {
    const of = (x: number, y: number) => pow(tensor(Float64Array.of(x)), y).item();
    expect([
      of(0, 0),
      of(Number.NaN, 0),
      of(1, Number.NaN),
      of(-1, Infinity),
      of(-8, 1 / 3),
      of(0, -1),
      of(-2, 3),
    ]).toEqual([1, 1, 1, 1, Number.NaN, Infinity, -8]);
  });
  test("round goes to the even one of two equally near", () => {
    const x = tensor(Float64Array.of(0.5, 1.5, 2.5, -0.5, -1.5, 0.49999999999999994, 2 ** 52 + 1, -0));
    expect(round(x).toArray()).toEqual([0, 2, 2, -0, -2, 0, 2 ** 52 + 1, -0]);
  });
  test("where, clip and the rectifiers", () => {
    expectSame(where(tensor([1, 0]), tensor([Number.NaN, Number.NaN]), 5), tensor([Number.NaN, 5]));
    expectSame(clip(tensor([-3, 0, 3]), -1, 1), tensor([-1, 0, 1]));
    expectNear(leakyRelu(tensor([-1, 2]), 0.1), tensor([-0.1, 2]), 1e-7);
    expectNear(elu(tensor([-1000, 1000])), tensor([-1, 1000]), 0);
  });
  test("say what was given instead of a tensor", () => {
    expect(() => add("1" as never, tensor([1]))).toThrow(
      "add: expected a tensor or a number, found string; make one with tensor(…)",
    );
    expect(() => (add as (...x: number[]) => Tensor)(1)).toThrow("add: expected 2 operands, found 1");
  });
});

/** Axes of a tensor, some of them, and the entries of each group that is folded. */
const folds = (of = special, minimum = 0) =>
  tensors(minimum, 3, of).chain((x) => fc.subarray([...x.shape.keys()]).map((axes) => ({ x, axes })));

function folded(x: Tensor, axes: readonly number[], fold: (entries: number[]) => number): Tensor {
  const kept = x.shape.map((_, a) => a).filter((a) => !axes.includes(a));
  return build(
    kept.map((a) => x.shape[a]),
    (outer) => {
      const entries: number[] = [];
      for (const inner of indices(axes.map((a) => x.shape[a])))
        entries.push(
          x.get(...x.shape.map((_, a) => (axes.includes(a) ? inner[axes.indexOf(a)] : outer[kept.indexOf(a)]))),
        );
      return fold(entries);
    },
  );
}

const total = (entries: number[]) => entries.reduce((a, b) => a + b, 0);

describe("reductions", () => {
  const cases: Record<string, [(x: Tensor, options: { axis: number[] }) => Tensor, (entries: number[]) => number]> = {
    sum: [sum, total],
    mean: [mean, (v) => total(v) / v.length],
    prod: [prod, (v) => v.reduce((a, b) => a * b, 1)],
    norm: [norm, (v) => Math.hypot(...v)],
    variance: [variance, (v) => total(v.map((e) => (e - total(v) / v.length) ** 2)) / v.length],
    logSumExp: [logSumExp, (v) => Math.log(total(v.map((e) => Math.exp(e - Math.max(0, ...v))))) + Math.max(0, ...v)],
  };
  test.each(Object.entries(cases))("%s over any axes, empty ones too", (_, [f, fold]) =>
    fc.assert(
      fc.property(folds(kinshipGrid()), ({ x, axes }) => {
        expectNear(f(x, { axis: axes }), folded(x, axes, fold), 1e-11);
      }),
    ),
  );
  test.each([
    ["max", max, Math.max],
    ["min", min, Math.min],
  ] as const)("%s carries not-a-number and infinities", (name, f, fold) =>
    fc.assert(
      fc.property(folds(), ({ x, axes }) => {
        if (axes.some((a) => x.shape[a] === 0))
          expect(() => f(x, { axis: axes })).toThrow(`is empty, and ${name} of nothing is undefined`);
        else
          expectSame(
            f(x, { axis: axes }),
            folded(x, axes, (v) => fold(...v)),
          );
      }),
    ),
  );
  test("runs longer than a block, contiguous and not", () => {
    const x = build([5, 3001], ([i, j]) => ((i * 31 + j * 7) % 101) / 4 - 10);
    for (const view of [x, scattered(x)])
      for (const axes of [[0], [1], [0, 1]]) {
        expectNear(sum(view, { axis: axes }), folded(x, axes, total), 1e-12);
        expectSame(
          max(view, { axis: axes }),
          folded(x, axes, (v) => Math.max(...v)),
        );
      }
  });
  test("keepDimensions, negative axes, types", () => {
    const x = zeros([2, 3, 4]);
    expect(sum(x, { axis: [-1, 0], keepDimensions: true }).shape).toEqual([1, 3, 1]);
    expect(sum(tensor(Uint8Array.of(200, 100))).item()).toBe(300);
    expect(sum(tensor(Uint8Array.of(200, 100))).dtype).toBe("int32");
    expect(mean(tensor(Int32Array.of(1, 2))).item()).toBe(1.5);
    expect(variance(tensor([1, 2, 4]), { degreesOfFreedom: 1 }).item()).toBeCloseTo(7 / 3, 6);
    expect(mean(zeros([0])).item()).toBeNaN();
    expect(() => sum(x, { axis: [0, 0] })).toThrow("sum: an axis is named twice in [0, 0]");
    expect([any(zeros([2])).item(), all(zeros([0])).item(), any(tensor([0, Number.NaN])).item()]).toEqual([0, 1, 1]);
    expect(norm(tensor([3, -4]), { order: 1 }).item()).toBe(7);
    expect(norm(tensor([3, -4]), { order: Number.POSITIVE_INFINITY }).item()).toBe(4);
  });
});

/** Numbers whose exponentials do not overflow. */
function kinshipGrid() {
  return fc.integer({ min: -512, max: 512 }).map((k) => k / 128);
}

describe("softmax", () => {
  test("of whole numbers is that of real ones", () => {
    const bytes = tensor([0, 1, 3], { dtype: "uint8" });
    const numbers = tensor([0, 1, 3]);
    for (const f of [softmax, logSoftmax, logSumExp]) expectSame(f(bytes), f(numbers));
  });
  test("is positive, sums to 1 and does not see a shift", () =>
    fc.assert(
      fc.property(
        tensors(1, 3).filter((x) => x.size > 0),
        (x) => {
          const p = softmax(x);
          const ones = folded(p, [x.dimension - 1], total);
          expectNear(
            ones,
            build(ones.shape, () => 1),
            1e-13,
          );
          expectNear(softmax(add(x, 700)), p, 1e-12);
          expectNear(logSoftmax(x), kinship.log(p), 1e-11);
        },
      ),
    ));
  test("of infinities and far values", () => {
    expectSame(softmax(tensor([Number.NEGATIVE_INFINITY, 0])), tensor([0, 1]));
    expectSame(logSoftmax(tensor([-2000, 0], { dtype: "float64" })), tensor([-2000, 0], { dtype: "float64" }));
    expect(logSumExp(tensor([Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY])).item()).toBe(
      Number.NEGATIVE_INFINITY,
    );
    expect(logSumExp(tensor([Number.POSITIVE_INFINITY, 0])).item()).toBe(Number.POSITIVE_INFINITY);
    expect(logSumExp(zeros([0])).item()).toBe(Number.NEGATIVE_INFINITY);
  });
});
