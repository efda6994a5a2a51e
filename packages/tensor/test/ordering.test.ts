import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { argmax, argmin, argsort, cumsum, sort, type Tensor, tensor, topK, zeros } from "../src/index.js";
import { build, special, tensors } from "./support/arbitrary.js";
import { expectNear, expectSame } from "./support/expect.js";

/** The entries of each line along an axis, keyed by the other indices. */
const line = (x: Tensor, axis: number, index: readonly number[]): number[] =>
  Array.from({ length: x.shape[axis] }, (_, k) => x.get(...index.slice(0, axis), k, ...index.slice(axis + 1)));

const without = (list: readonly number[], axis: number) => list.filter((_, k) => k !== axis);
const inserted = (index: readonly number[], axis: number) => [...index.slice(0, axis), 0, ...index.slice(axis)];

const tensorAndAxis = tensors(1, 3, special).chain((x) =>
  fc
    .integer({ min: -x.dimension, max: x.dimension - 1 })
    .map((axis) => ({ x, axis, at: axis < 0 ? axis + x.dimension : axis })),
);
const filledAxis = tensorAndAxis.filter(({ x, at }) => x.shape[at] > 0);

/** NumPy's order: not-a-number above everything. */
const rank = (v: number) => (Number.isNaN(v) ? Number.POSITIVE_INFINITY : v);
const before = (a: number, b: number) => rank(a) - rank(b) || Number(Number.isNaN(a)) - Number(Number.isNaN(b)) || 0;

describe("argmax and argmin", () => {
  test("give the first extremum of each line, a not-a-number before all", () =>
    fc.assert(
      fc.property(filledAxis, ({ x, axis, at }) => {
        for (const [f, wins] of [
          [argmax, (a: number, b: number) => a > b],
          [argmin, (a: number, b: number) => a < b],
        ] as const) {
          const expected = build(
            without(x.shape, at),
            (index) => {
              const entries = line(x, at, inserted(index, at));
              const lost = entries.findIndex(Number.isNaN);
              if (lost >= 0) return lost;
              return entries.findIndex((v) => !entries.some((w) => wins(w, v)));
            },
            "int32",
          );
          expectSame(f(x, { axis }), expected);
        }
      }),
    ));
  test("without an axis number all entries in row-major order", () => {
    expect(
      argmax(
        tensor([
          [1, 9, 3],
          [4, 5, 9],
        ]),
      ).item(),
    ).toBe(1);
    expect(
      argmin(
        tensor([
          [1, 9, 3],
          [4, 5, 1],
        ]),
        { keepDimensions: true },
      ).toArray(),
    ).toEqual([[0]]);
  });
  test("refuse an empty axis", () =>
    expect(() => argmax(zeros([2, 0]), { axis: 1 })).toThrow(
      "argmax: axis 1 of shape [2, 0] is empty, and argmax needs an entry",
    ));
});

describe("sort, argsort and topK", () => {
  test("order each line stably, not-a-number last", () =>
    fc.assert(
      fc.property(tensorAndAxis, fc.boolean(), ({ x, axis, at }, descending) => {
        const sign = descending ? -1 : 1;
        const order = (index: readonly number[]) => {
          const entries = line(x, at, index);
          return entries.map((_, k) => k).sort((p, q) => sign * before(entries[p], entries[q]) || p - q);
        };
        expectSame(
          argsort(x, { axis, descending }),
          build(x.shape, (index) => order(index)[index[at]], "int32"),
        );
        expectSame(
          sort(x, { axis, descending }),
          build(x.shape, (index) => line(x, at, index)[order(index)[index[at]]]),
        );
      }),
    ));
  test("topK is the start of the descending order", () =>
    fc.assert(
      fc.property(filledAxis, ({ x, axis, at }) => {
        const count = Math.ceil(x.shape[at] / 2);
        const { values, indices } = topK(x, count, { axis });
        const whole = sort(x, { axis, descending: true });
        expectSame(
          values,
          build(values.shape, (index) => whole.get(...index)),
        );
        expect(indices.shape[at]).toBe(count);
      }),
    ));
  test("topK refuses more entries than there are", () =>
    expect(() => topK(tensor([1, 2]), 3)).toThrow("topK: expected a count from 0 to 2 for axis 0 of [2], found 3"));
});

describe("cumsum", () => {
  test("adds up from either end", () =>
    fc.assert(
      fc.property(tensors(1, 3), fc.boolean(), (x, reverse) => {
        const expected = build(x.shape, (index) => {
          const last = x.dimension - 1;
          const entries = line(x, last, index);
          const part = reverse ? entries.slice(index[last]) : entries.slice(0, index[last] + 1);
          return part.reduce((a, b) => a + b, 0);
        });
        expectNear(cumsum(x, { reverse }), expected, 1e-14);
      }),
    ));
  test("sums uint8 as int32", () => {
    const total = cumsum(tensor(Uint8Array.of(200, 200)));
    expect([total.dtype, total.toArray()]).toEqual(["int32", [200, 400]]);
  });
});
