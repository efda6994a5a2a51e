import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { embedding, gather, mul, oneHot, scatterAdd, sum, take, takeAlongAxis, tensor, zeros } from "../src/index.js";
import { build, filled, scattered, sizeOf, tensors, values } from "./support/arbitrary.js";
import { expectSame } from "./support/expect.js";

const int = (entries: number[], shape: number[]) => filled(shape, entries, "int32");

const takes = tensors(1, 3)
  .filter((x) => x.size > 0)
  .chain((x) =>
    fc
      .tuple(
        fc.integer({ min: -x.dimension, max: x.dimension - 1 }),
        fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 2 }),
      )
      .chain(([axis, shape]) => {
        const at = axis < 0 ? axis + x.dimension : axis;
        const size = x.shape[at];
        return fc
          .tuple(values(sizeOf(shape), fc.integer({ min: -size, max: size - 1 })), fc.boolean())
          .map(([entries, strided]) => {
            const wanted = int(entries, shape);
            return { x, axis, at, size, indices: strided ? scattered(wanted) : wanted };
          });
      }),
  );

describe("take", () => {
  test("puts the chosen entries in the axis's place, negative indices from the end", () =>
    fc.assert(
      fc.property(takes, ({ x, axis, at, size, indices }) => {
        const rank = indices.dimension;
        const shape = [...x.shape.slice(0, at), ...indices.shape, ...x.shape.slice(at + 1)];
        const expected = build(shape, (index) => {
          const found = indices.get(...index.slice(at, at + rank));
          return x.get(...index.slice(0, at), found < 0 ? found + size : found, ...index.slice(at + rank));
        });
        expectSame(take(x, indices, axis), expected);
      }),
    ));
  test("scatterAdd is its transpose: ⟨take(x), u⟩ = ⟨x, scatterAdd(u)⟩", () =>
    fc.assert(
      fc.property(takes, ({ x, at, size, indices }) => {
        const taken = take(x, indices, at);
        const weights = build(taken.shape, (index) => index.reduce((n, k) => 3 * n + k, 1) % 7);
        const back = scatterAdd(weights, indices, size, at);
        expect(back.shape).toEqual(x.shape);
        expect(sum(mul(taken, weights)).item()).toBe(sum(mul(x, back)).item());
      }),
    ));
  test("says which index is out of bounds", () => {
    expect(() => take(tensor([1, 2, 3]), [0, 3])).toThrow("take: index 3 is out of bounds for an axis of size 3");
    expect(() => take(tensor([1, 2, 3]), [-4])).toThrow("take: index -4 is out of bounds for an axis of size 3");
    expect(() => take(zeros([0]), [0])).toThrow("axis of size 0");
  });
  test("refuses indices that are not integers", () =>
    expect(() => take(tensor([1, 2]), tensor([0, 1]))).toThrow(
      'take: indices must be int32, found float32; use cast(indices, "int32")',
    ));
  test("of one number drops the axis", () =>
    expectSame(
      take(
        tensor([
          [1, 2],
          [3, 4],
        ]),
        -1,
      ),
      tensor([3, 4]),
    ));
});

describe("gather", () => {
  const x = tensor([
    [
      [1, 2],
      [3, 4],
      [5, 6],
    ],
    [
      [7, 8],
      [9, 10],
      [11, 12],
    ],
  ]);
  test("takes each batch's entries at the batch's own indices", () => {
    expectSame(gather(x, int([2, -3], [2, 1]), 1), tensor([[[5, 6]], [[7, 8]]]));
    expectSame(
      gather(x, int([0, 1, 1, 0, 1, 1], [2, 3, 1]), 2),
      tensor([
        [[1], [4], [6]],
        [[7], [10], [12]],
      ]),
    );
  });
  test("without a batch is take", () => {
    expectSame(gather(x, [1, 0, 1]), take(x, [1, 0, 1]));
    expectSame(gather(x, int([1, 0, 1, 1], [2, 2])), take(x, int([1, 0, 1, 1], [2, 2])));
  });
  test("refuses leading axes that differ, too many or no number of them, indices out of bounds and of float32", () => {
    for (const [indices, batch] of [
      [int([0], [1]), 1],
      [int([0, 0], [2]), 2],
      [int([0, 0], [2]), 3],
      [int([0, 0], [2]), -1],
      [int([0, 0], [2]), 0.5],
      [int([0, 0], [2]), Number.NaN],
    ] as const)
      expect(() => gather(x, indices, batch)).toThrow(
        `gather: values [2, 3, 2] and indices [${indices.shape}] must share ${batch} leading axes`,
      );
    expect(() => gather(x, int([0, 3], [2]), 1)).toThrow("gather: index 3 is out of bounds for an axis of size 3");
    expect(() => gather(x, tensor([0]))).toThrow(
      'gather: indices must be int32, found float32; use cast(indices, "int32")',
    );
  });
});

describe("takeAlongAxis", () => {
  test("chooses for each line by itself and broadcasts the other axes", () => {
    const x = tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expectSame(takeAlongAxis(x, int([2, 0], [2, 1]), 1), tensor([[3], [4]]));
    expectSame(
      takeAlongAxis(x, int([-1, 0], [1, 2]), 1),
      tensor([
        [3, 1],
        [6, 4],
      ]),
    );
    expectSame(takeAlongAxis(x, int([1, 0, 1], [1, 3]), 0), tensor([[4, 2, 6]]));
  });
  test("refuses another number of axes", () =>
    expect(() => takeAlongAxis(tensor([[1]]), int([0], [1]), 0)).toThrow(
      "values [1, 1] and indices [1] must have equally many axes",
    ));
});

describe("scatterAdd, embedding and oneHot", () => {
  test("repeated indices add up", () => expectSame(scatterAdd(tensor([1, 2, 3]), [0, 2, 0], 4), tensor([4, 0, 2, 0])));
  test("updates must fit the indices", () =>
    expect(() => scatterAdd(tensor([1, 2, 3]), [0, 1], 4)).toThrow(
      "scatterAdd: updates [3] must have the shape [2] of the indices from axis 0 on",
    ));
  test("embedding gives rows", () => {
    expectSame(
      embedding(
        tensor([
          [1, 2],
          [3, 4],
        ]),
        int([1, 0, 1, 1], [2, 2]),
      ),
      tensor([
        [
          [3, 4],
          [1, 2],
        ],
        [
          [3, 4],
          [3, 4],
        ],
      ]),
    );
    expect(() => embedding(tensor([1]), [0])).toThrow("embedding: expected a table [rows, columns], found [1]");
  });
  test("oneHot gives zeros outside its range", () =>
    expectSame(
      oneHot([0, 2, -1, 3], 3),
      tensor([
        [1, 0, 0],
        [0, 0, 1],
        [0, 0, 0],
        [0, 0, 0],
      ]),
    ));
});
