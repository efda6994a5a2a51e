import { cast, einsum, matmul, max, maximum, min, minimum, reshape, type Tensor, tensor } from "@kinship/tensor";
import { compile } from "@kinship/tensor/compile";
import { describe, expect, test } from "vitest";

// Zeros of either sign and what is not a number, where vector instructions have rules of their own: compiled functions
// follow the evaluator, to the sign.

const values = (x: Tensor): readonly number[] => Array.from(x.toTypedArray());

function expectSame(f: (x: Tensor) => Tensor, x: Tensor): void {
  const [evaluated, compiled] = [values(f(x)), values(compile(f)(x))];
  expect(compiled).toHaveLength(evaluated.length);
  for (const [k, value] of evaluated.entries()) expect(compiled[k]).toBe(value);
}

const runs: Readonly<Record<string, readonly number[]>> = {
  "negative zeros": [-0, -0, -0],
  "zeros of either sign": [-0, 0, -0],
  "a negative zero above": [-1, -0, -5],
  "a zero above": [-1, -0, 0, -2],
  "a zero below": [1, 0, -0, 2],
  "a negative zero below": [5, -0, 7],
  "not a number first": [Number.NaN, 1, -2],
  "not a number last": [1, 0, Number.NaN],
  infinities: [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY],
  "all of them": [Number.POSITIVE_INFINITY, -0, Number.NEGATIVE_INFINITY, 3],
};

describe.each(Object.entries(runs))("the largest and smallest: %s", (_, run) => {
  // Shorter than a vector, with and without a rest, and long enough for several vectors side by side.
  test.each([1, 3, 9, 40])("%i times over", (times) => {
    const row = Array.from({ length: times }, () => run).flat();
    for (const dtype of ["float32", "float64"] as const) {
      const x = cast(tensor(row), dtype);
      for (const fold of [max, min]) {
        expectSame((v) => fold(v), x);
        // Along the lanes of vectors, and across them.
        expectSame((v) => fold(v, { axis: 1 }), reshape(tensor([...row, ...row, ...row], { dtype }), [3, row.length]));
        const columns = row.flatMap((value) => new Array<number>(7).fill(value));
        expectSame((v) => fold(v, { axis: 0 }), tensor(columns, { dtype, shape: [row.length, 7] }));
      }
      for (const bound of [0, -0, 1.5, Number.NEGATIVE_INFINITY, Number.NaN])
        for (const one of [maximum, minimum]) {
          expectSame((v) => one(v, bound), x);
          expectSame((v) => one(bound, v), x);
        }
    }
  });
});

test("a sum of one product is 0 where the product is −0", () => {
  const row = tensor([[0, 3, -0, 1, 0]]);
  expectSame((v) => matmul(v, row), tensor([[-1], [2], [-3]]));
  expectSame((v) => einsum("i,j->ij", v, tensor([0, 3])), tensor([-1, 2]));
  expectSame((v) => einsum("i,i->i", v, tensor([0, 3])), tensor([-1, 2]));
});
