import { customDerivative } from "@kinship/autodiff";
import { checkDerivatives } from "@kinship/autodiff/testing";
import {
  awayFromKinks,
  broadcastablePairs,
  distinct,
  positiveDefinite,
  seeds,
  shapes,
  tensors,
  views,
  wellConditioned,
} from "@kinship/autodiff/testing/arbitraries";
import { add, cholesky, cos, eigh, greater, mul, relu, sin, sum, svd, type Tensor, zeros } from "@kinship/tensor";
import fc, { type Arbitrary } from "fast-check";
import { describe, expect, test } from "vitest";

const holds = <T>(of: Arbitrary<T>, property: (x: T) => void): void => fc.assert(fc.property(of, property));
const values = (x: Tensor): number[] => [...x.toTypedArray()];
const seen = <T>(of: Arbitrary<T>): T[] => fc.sample(of, { numRuns: 200, seed: 5 });

test("shapes stay within their bounds and reach them", () => {
  const of = shapes({ minimumRank: 1, maximumRank: 3, minimumSize: 0, maximumSize: 4 });
  holds(of, (shape) => {
    expect(shape.length).toBeGreaterThanOrEqual(1);
    expect(shape.length).toBeLessThanOrEqual(3);
    for (const size of shape) expect(size >= 0 && size <= 4).toBe(true);
  });
  expect(new Set(seen(of).map((s) => s.length))).toEqual(new Set([1, 2, 3]));
  expect(new Set(seen(of).flat())).toEqual(new Set([0, 1, 2, 3, 4]));
});

test("broadcastable pairs broadcast, in every way that there is", () => {
  const of = broadcastablePairs({ maximumSize: 3 });
  holds(of, ([a, b]) => {
    const rank = Math.max(a.length, b.length);
    const size = (s: number[], k: number) => s[s.length - 1 - k] ?? 1;
    const full = Array.from({ length: rank }, (_, k) => Math.max(size(a, k), size(b, k))).reverse();
    expect(add(zeros(a), zeros(b)).shape).toEqual(full);
  });
  const pairs = seen(of);
  expect(pairs.some(([a, b]) => a.length < b.length)).toBe(true);
  expect(pairs.some(([a, b]) => a.length > b.length)).toBe(true);
  expect(
    pairs.some(
      ([a, b]) =>
        a.length === b.length && a.some((s, k) => s > 1 && b[k] === 1) && b.some((s, k) => s > 1 && a[k] === 1),
    ),
  ).toBe(true);
});

test("tensors lie on a grid: their sums are exact", () => {
  const of = tensors(shapes(), { from: -2, to: 3 });
  holds(of, (x) => {
    for (const value of values(x)) {
      expect(value >= -2 && value <= 3).toBe(true);
      expect(Number.isInteger(value * 256)).toBe(true);
    }
    expect(sum(x).item()).toBe(
      values(x)
        .reverse()
        .reduce((a, b) => a + b, 0),
    );
  });
  expect(seen(tensors([2], { dtype: "float32" }))[0].dtype).toBe("float32");
  expect(() => tensors([1], { from: 0.001, to: 0.002 })).toThrow("no multiple of 1/256 lies from 0.001 to 0.002");
});

test("views have the same numbers in other memory", () => {
  const plain = tensors(shapes({ maximumRank: 3, minimumSize: 0 }));
  // The same tensors in the same run, with and without a layout.
  holds(
    fc.tuple(plain, fc.nat()).chain(([x, seed]) => fc.tuple(fc.constant(x), views(fc.constant(x)), fc.constant(seed))),
    ([x, view]) => {
      expect(view.toArray()).toEqual(x.toArray());
      expect(view.shape).toEqual(x.shape);
    },
  );
  const drawn = seen(views(tensors([2, 3])));
  expect(drawn.some((x) => x.stride.some((s) => s < 0))).toBe(true);
  expect(drawn.some((x) => Math.abs(x.stride[0]) < Math.abs(x.stride[1]))).toBe(true);
  expect(drawn.some((x) => x.stride.every((s) => Math.abs(s) > 1))).toBe(true);
  expect(drawn.some((x) => x.offset > 0 && x.stride.every((s) => s > 0))).toBe(true);
});

test("tensors away from kinks keep their distance, on every side", () => {
  const of = awayFromKinks([8], [0, 1], { from: -2, to: 2, margin: 0.25 });
  holds(of, (x) => {
    for (const value of values(x)) {
      expect(Math.abs(value)).toBeGreaterThanOrEqual(0.25);
      expect(Math.abs(value - 1)).toBeGreaterThanOrEqual(0.25);
      expect(value >= -2 && value <= 2).toBe(true);
    }
  });
  const drawn = seen(of).flatMap(values);
  for (const part of [(v: number) => v < 0, (v: number) => v > 0 && v < 1, (v: number) => v > 1])
    expect(drawn.some(part)).toBe(true);
  expect(() => awayFromKinks([1], [0], { from: -0.1, to: 0.1 })).toThrow(
    "nothing from -0.1 to 0.1 is 0.125 away from 0",
  );
  holds(fc.tuple(of, seeds()), ([x, seed]) => checkDerivatives((y) => relu(y), [x], { seed, order: 1 }));
});

test("distinct entries are apart", () => {
  holds(distinct(shapes({ maximumSize: 5 })), (x) => {
    const sorted = values(x).sort((a, b) => a - b);
    for (let k = 1; k < sorted.length; k++) expect(sorted[k] - sorted[k - 1]).toBeGreaterThan(4 / sorted.length);
  });
  const orders = new Set(
    seen(distinct([3])).map((x) => JSON.stringify(values(x).map((v) => values(x).filter((u) => u < v).length))),
  );
  expect(orders.size).toBe(6);
});

describe("matrices", () => {
  const entries = (a: Tensor, n: number) =>
    Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => a.get(i, j)));

  test("positive definite ones are symmetric, and their eigenvalues keep apart", () => {
    holds(positiveDefinite([3, 3]), (a) => {
      const m = entries(a, 3);
      expect(cholesky(a).toArray()).toBeDefined();
      for (let i = 0; i < 3; i++) for (let j = 0; j < 3; j++) expect(m[i][j]).toBe(m[j][i]);
      const { values: found } = eigh(a);
      const [x, y, z] = values(found);
      expect(x).toBeGreaterThan(1 - 1e-9);
      expect(y - x).toBeCloseTo(1, 9);
      expect(z - y).toBeCloseTo(1, 9);
    });
    expect(seen(positiveDefinite([2, 2, 2]))[0].shape).toEqual([2, 2, 2]);
  });

  test("well-conditioned ones have singular values that keep apart, square or not", () => {
    for (const shape of [
      [4, 4],
      [4, 2],
      [2, 3],
    ])
      holds(wellConditioned(shape), (a) => {
        const found = values(svd(a).s).sort((x, y) => x - y);
        found.forEach((value, k) => {
          expect(Math.abs(value - 2 * (k + 1))).toBeLessThanOrEqual(0.5 + 1e-9);
        });
      });
  });

  test("other shapes are refused", () => {
    expect(() => positiveDefinite([2, 3])).toThrow(
      "positiveDefinite: expected square matrices […, n, n], found shape [2, 3]",
    );
    expect(() => wellConditioned([3])).toThrow("wellConditioned: expected matrices […, m, n], found shape [3]");
  });
});

test("under fast-check a wrong derivative comes with the smallest input that shows it", () => {
  // The derivative of sin, doubled above 1: one entry just above 1 is enough to show it.
  const wrong = customDerivative((x: Tensor) => sin(x), {
    vjp: (g, { arguments: [x] }) => [mul(g, mul(cos(x), add(1, greater(x, 1))))],
  });
  const of = tensors([3]);
  const run = fc.check(
    fc.property(of, (x) => checkDerivatives(wrong, [x], { order: 1 })),
    { seed: 3, numRuns: 100 },
  );
  expect(run.failed).toBe(true);
  const [shown] = run.counterexample!;
  expect(values(shown).sort()).toEqual([0, 0, 1 + 1 / 256]);
  const report = fc.defaultReportMessage(run)!;
  expect(report).toMatch(/Counterexample: \[tensor\(\[(0, )*1\.0039(, 0)*\], float64\)\]/);
  expect(run.errorInstance).toMatchObject({ name: "DerivativeError", law: "jvp differs from finite differences" });
});
