import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  add,
  broadcastTo,
  concat,
  cross,
  diagonal,
  expandDims,
  flip,
  kron,
  matrixTranspose,
  moveAxis,
  norm,
  ones,
  outer,
  pad,
  permute,
  type Range,
  reshape,
  slice,
  split,
  squeeze,
  stack,
  sum,
  type Tensor,
  tensor,
  tile,
  trace,
  transpose,
  wedgeNorm,
  zeros,
} from "../src/index.js";
import { build, filled, sizeOf, tensors, values } from "./support/arbitrary.js";
import { expectNear, expectSame } from "./support/expect.js";

describe("views", () => {
  test("permute reads the axes in another order", () =>
    fc.assert(
      fc.property(
        tensors().chain((x) =>
          fc.tuple(fc.constant(x), fc.shuffledSubarray([...x.shape.keys()], { minLength: x.dimension })),
        ),
        ([x, axes]) => {
          const expected = build(
            axes.map((a) => x.shape[a]),
            (index) => x.get(...axes.map((_, a) => index[axes.indexOf(a)])),
          );
          expectSame(permute(x, axes), expected);
          if (axes.length > 0) expect(permute(x, axes).data).toBe(x.data);
        },
      ),
    ));
  test("reshape keeps the row-major order, of any layout", () =>
    fc.assert(
      fc.property(tensors(), fc.nat(), (x, pick) => {
        const factors = [1, 2, 3, 4].filter((n) => x.size % n === 0);
        const first = factors[pick % factors.length];
        const shape = [first, x.size / first, 1];
        expectSame(reshape(x, shape), filled(shape, Array.from(x.toTypedArray())));
        if (x.size > 0)
          expectSame(reshape(x, [-1, first]), filled([x.size / first, first], Array.from(x.toTypedArray())));
      }),
    ));
  test("reshape shares memory where strides can say it", () => {
    const x = zeros([4, 6]);
    expect(reshape(x, [2, 2, 3, 2]).data).toBe(x.data);
    expect(reshape(slice(x, [[0, 4, 2]]), [2, 2, 3]).data).toBe(x.data);
    expect(reshape(transpose(x), [24]).data).not.toBe(x.data);
  });
  test("squeeze, expandDims, moveAxis, matrixTranspose", () => {
    const x = zeros([1, 2, 1, 3]);
    expect(squeeze(x).shape).toEqual([2, 3]);
    expect(squeeze(x, -2).shape).toEqual([1, 2, 3]);
    expect(expandDims(tensor([1, 2]), -1).shape).toEqual([2, 1]);
    expect(moveAxis(x, 3, 0).shape).toEqual([3, 1, 2, 1]);
    expect(moveAxis(x, 0, -1).shape).toEqual([2, 1, 3, 1]);
    expect(matrixTranspose(x).shape).toEqual([1, 2, 3, 1]);
  });
  test("broadcastTo repeats without a copy", () => {
    const x = tensor([[1], [2]]);
    const wide = broadcastTo(x, [3, 2, 2]);
    expect(wide.data).toBe(x.data);
    expectSame(
      wide,
      tensor([
        [
          [1, 1],
          [2, 2],
        ],
        [
          [1, 1],
          [2, 2],
        ],
        [
          [1, 1],
          [2, 2],
        ],
      ]),
    );
  });
  test("say what does not fit", () => {
    expect(() => reshape(zeros([2, 3]), [4])).toThrow("reshape: [2, 3] has 6 elements and does not fit shape [4]");
    expect(() => reshape(zeros([2, 3]), [-1, -1])).toThrow("does not fit shape [-1, -1]");
    expect(() => permute(zeros([2, 3]), [0, 0])).toThrow(
      "permute: expected each of the 2 axes of shape [2, 3] once, found [0, 0]",
    );
    expect(() => squeeze(zeros([2, 3]), 0)).toThrow("squeeze: axis 0 of shape [2, 3] has size 2, expected 1");
    expect(() => broadcastTo(zeros([2, 3]), [3, 3])).toThrow("do not broadcast");
    expect(() => add(zeros([2, 3]), zeros([4]))).toThrow(
      "add: shapes [2, 3] and [4] do not broadcast; sizes must be equal or 1, counted from the last axis",
    );
    expect(() => sum(zeros([2]), { axis: 1 })).toThrow("sum: axis 1 is not an axis of a tensor with 1 dimensions");
    expect(() => matrixTranspose(zeros([2]))).toThrow("matrixTranspose: expected at least two axes, found shape [2]");
  });
});

/** Python's slice of a list, from its definition. */
function pythonSlice(list: readonly number[], start: number | null, stop: number | null, step: number): number[] {
  const n = list.length;
  const clamp = (at: number) => (step > 0 ? Math.min(Math.max(at, 0), n) : Math.min(Math.max(at, -1), n - 1));
  const from = start === null ? (step > 0 ? 0 : n - 1) : clamp(start < 0 ? start + n : start);
  const to = stop === null ? (step > 0 ? n : -1) : clamp(stop < 0 ? stop + n : stop);
  const out: number[] = [];
  for (let k = from; step > 0 ? k < to : k > to; k += step) out.push(list[k]);
  return out;
}

const bound = fc.option(fc.integer({ min: -7, max: 7 }));

describe("slicing and joining", () => {
  test("slice follows Python along every axis", () =>
    fc.assert(
      fc.property(
        tensors(1, 3),
        fc.array(
          fc.tuple(
            bound,
            bound,
            fc.integer({ min: -3, max: 3 }).filter((n) => n !== 0),
          ),
          { minLength: 3, maxLength: 3 },
        ),
        (x, ranges) => {
          const used = ranges.slice(0, x.dimension);
          const kept = x.shape.map((size, a) =>
            pythonSlice(
              Array.from({ length: size }, (_, k) => k),
              ...used[a],
            ),
          );
          const expected = build(
            kept.map((list) => list.length),
            (index) => x.get(...index.map((k, a) => kept[a][k])),
          );
          const found = slice(x, used as Range[]);
          expectSame(found, expected);
          expect(found.data).toBe(x.data);
        },
      ),
    ));
  test("an index drops its axis", () => {
    const x = build([2, 3], ([i, j]) => 10 * i + j);
    expect(slice(x, [1, -1]).item()).toBe(12);
    expect(slice(x, [null, 0]).toArray()).toEqual([0, 10]);
    expect(() => slice(x, [2])).toThrow("slice: index 2 is out of bounds for axis 0 of size 2");
    expect(() => slice(x, [[0, 1, 0]])).toThrow("slice: expected whole numbers and a step that is not 0 on axis 0");
    expect(() => slice(x, [0, 0, 0])).toThrow("slice: 3 ranges for shape [2, 3]; expected one an axis at most");
    expect(() => stack([])).toThrow("stack: expected at least one tensor, found none");
    expect(() => slice(x, [{} as never])).toThrow("slice: expected an index, [start, stop, step] or null for axis 0");
  });
  test("flip reverses, twice is nothing", () =>
    fc.assert(
      fc.property(tensors(), (x) => {
        expectSame(
          flip(x),
          build(x.shape, (index) => x.get(...index.map((k, a) => x.shape[a] - 1 - k))),
        );
        expectSame(flip(flip(x)), x);
      }),
    ));
  test("concat undoes split, along any axis", () =>
    fc.assert(
      fc.property(tensors(1), fc.nat(), fc.nat(), (x, a, b) => {
        const axis = a % x.dimension;
        const first = b % (x.shape[axis] + 1);
        const parts = split(x, [first, x.shape[axis] - first], axis);
        expect(parts[0].shape[axis]).toBe(first);
        expectSame(concat(parts, axis), x);
        expectSame(concat(parts, axis - x.dimension), x);
      }),
    ));
  test("stack makes an axis that slicing takes away", () => {
    const [x, y] = [tensor([1, 2]), tensor([3, 4])];
    expectSame(
      stack([x, y], 1),
      tensor([
        [1, 3],
        [2, 4],
      ]),
    );
    expectSame(slice(stack([x, y]), [1]), y);
  });
  test("tile and pad", () => {
    expectSame(
      tile(tensor([[1], [2]]), [2, 3]),
      tensor([
        [1, 1, 1],
        [2, 2, 2],
        [1, 1, 1],
        [2, 2, 2],
      ]),
    );
    expectSame(
      tile(tensor([1, 2]), [2, 1]),
      tensor([
        [1, 2],
        [1, 2],
      ]),
    );
    expectSame(pad(tensor([1, 2]), [[1, 2]]), tensor([0, 1, 2, 0, 0]));
    expectSame(
      pad(
        tensor([[1]]),
        [
          [0, 1],
          [1, 0],
        ],
        Number.POSITIVE_INFINITY,
      ),
      tensor([
        [Infinity, 1],
        [Infinity, Infinity],
      ]),
    );
    expectSame(pad(zeros([0]), [[1, 1]], 3), tensor([3, 3]));
  });
  test("say what does not fit", () => {
    expect(() => concat([])).toThrow("concat: expected at least one tensor, found none");
    expect(() => concat([zeros([2, 3]), zeros([3, 3])], 1)).toThrow(
      "concat: shapes [2, 3] and [3, 3] (number 1) differ besides axis 1",
    );
    expect(() => concat([tensor(1)])).toThrow("concat: a tensor without axes cannot be joined; use stack");
    expect(() => split(zeros([4]), [1, 2])).toThrow("split: parts [1, 2] do not add up to the 4 of axis 0");
    expect(() => pad(zeros([2, 2]), [[1, 1]])).toThrow("pad: expected [before, after] for each of the 2 axes, found 1");
  });
});

const vectors = fc
  .integer({ min: 1, max: 6 })
  .chain((n) => fc.tuple(values(n), values(n)).map(([a, b]) => [filled([n], a), filled([n], b)] as const));
const entries = (x: Tensor) => Array.from(x.toTypedArray());

describe("products of vectors and matrices", () => {
  test("cross is orthogonal to both, as long as the area, and changes sign", () =>
    fc.assert(
      fc.property(values(3), values(3), (a, b) => {
        const [x, y] = [filled([3], a), filled([3], b)];
        const [p, q, r] = entries(cross(x, y));
        expect([p, q, r]).toEqual([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]);
        expectSame(add(cross(x, y), cross(y, x)), zeros([3], "float64"));
        expectNear(norm(cross(x, y)), wedgeNorm(x, y), 1e-12);
      }),
    ));
  test("cross works along any axis and broadcasts", () => {
    const x = build([3, 2], ([i, j]) => i + 2 * j);
    const y = build([3, 1], ([i]) => i * i - 1);
    const found = cross(x, y, { axis: 0 });
    for (const j of [0, 1]) expectSame(slice(found, [null, j]), cross(slice(x, [null, j]), slice(y, [null, 0])));
    expect(() => cross(tensor([1, 2]), tensor([3, 4]))).toThrow(
      "cross: expected vectors of three entries along axis -1, found shape [2]; use wedgeNorm for the area",
    );
  });
  test("wedgeNorm is Lagrange's sum of squared minors, in any dimension", () =>
    fc.assert(
      fc.property(vectors, ([x, y]) => {
        const [a, b] = [entries(x), entries(y)];
        let squares = 0;
        for (let i = 0; i < a.length; i++) for (let j = 0; j < i; j++) squares += (a[i] * b[j] - a[j] * b[i]) ** 2;
        expectNear(wedgeNorm(x, y), tensor(Math.sqrt(squares), { dtype: "float64" }), 1e-13);
      }),
    ));
  test("wedgeNorm keeps small angles, tiny and huge vectors", () => {
    const double = { dtype: "float64" } as const;
    expect(wedgeNorm(tensor([1, 0], double), tensor([1, 1e-12], double)).item()).toBeCloseTo(1e-12, 26);
    expect(wedgeNorm(tensor([1e200, 0], double), tensor([0, 1e100], double)).item()).toBe(1e300);
    expect(wedgeNorm(tensor([1e-200, 0], double), tensor([1e-200, 1e-100], double)).item()).toBeCloseTo(1e-300, 312);
    expect(wedgeNorm(tensor([0, 0]), tensor([1, 2])).item()).toBe(0);
    expect(wedgeNorm(zeros([2, 0]), zeros([2, 0])).toArray()).toEqual([0, 0]);
  });
  test("trace, diagonal and kron", () => {
    const x = build([2, 3, 4], ([p, i, j]) => 100 * p + 10 * i + j);
    expectSame(
      diagonal(x),
      build([2, 3], ([p, i]) => 100 * p + 11 * i),
    );
    expectSame(trace(x), filled([2], [33, 333]));
    const [a, b] = [build([2, 3], ([i, j]) => i - j), build([4, 2], ([i, j]) => i * j + 1)];
    expectSame(
      kron(a, b),
      build([8, 6], ([i, j]) => a.get(Math.floor(i / 4), Math.floor(j / 2)) * b.get(i % 4, j % 2)),
    );
    expectSame(kron(tensor([1, 2]), ones([2, 1])), reshape(outer(ones([2]), tensor([1, 2])), [2, 2]));
    expect(sizeOf(kron(zeros([0, 2]), ones([3, 3])).shape)).toBe(0);
  });
});
