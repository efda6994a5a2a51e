import { checkpoint } from "@kinship/autodiff";
import {
  add,
  matmul,
  mean,
  mul,
  normal,
  randomKey,
  square,
  sub,
  sum,
  type Tensor,
  tanh,
  tensor,
} from "@kinship/tensor";
import { compile } from "@kinship/tensor/compile";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { gramian, taskGradients, taskGramian } from "../../src/index.js";

type Layers = { readonly layers: readonly { readonly weights: Tensor; readonly bias: Tensor }[] };

const drawn = (seed: number, shape: number[], dtype: "float32" | "float64" = "float64") =>
  normal(randomKey(seed), shape, { dtype });

/** A trunk of so many layers, and one linear head a task, which is no parameter. */
function problem(tasks: number, depth: number, width: number, rows: number, dtype: "float32" | "float64" = "float64") {
  const parameters: Layers = {
    layers: Array.from({ length: depth }, (_, k) => ({
      weights: mul(drawn(k, [width, width], dtype), width ** -0.5),
      bias: drawn(100 + k, [width], dtype),
    })),
  };
  const x = drawn(7, [rows, width], dtype);
  const heads = Array.from({ length: tasks }, (_, t) => drawn(200 + t, [width], dtype));
  const losses = ({ layers }: Layers): Tensor[] => {
    const h = layers.reduce((h, { weights, bias }) => tanh(add(matmul(h, weights), bias)), x);
    return heads.map((head, t) => mean(square(sub(matmul(h, head), t))));
  };
  return { parameters, losses };
}

describe("the Gramian without the Jacobian", () => {
  test("is J Jᵀ of the gradients one by one, compiled and not", () => {
    const sizes = fc.record({
      tasks: fc.integer({ min: 1, max: 9 }),
      depth: fc.integer({ min: 1, max: 4 }),
      width: fc.integer({ min: 1, max: 7 }),
      rows: fc.integer({ min: 1, max: 5 }),
    });
    fc.assert(
      fc.property(sizes, fc.boolean(), ({ tasks, depth, width, rows }, isCompiled) => {
        const { parameters, losses } = problem(tasks, depth, width, rows);
        const given = taskGradients(losses)(parameters);
        const expected = gramian(given.gradients);
        const f = taskGramian(losses);
        const found = (isCompiled ? compile((p: Layers) => f(p)) : f)(parameters);
        expect(found.gramian.shape).toEqual([tasks, tasks]);
        const size = Math.max(...expected.map(Math.abs), 1e-300);
        found.gramian.toTypedArray().forEach((value, k) => {
          expect(Math.abs(value - expected[k]!) / size).toBeLessThan(1e-12);
        });
        const values = given.losses.toTypedArray();
        found.losses.toTypedArray().forEach((loss, t) => {
          expect(loss).toBeCloseTo(values[t]!, 10);
        });
      }),
      { numRuns: 40 },
    );
  });

  test("of a leaf that is longer than a piece, that is read twice, that some tasks do not read, or none", () => {
    const parameters = { long: drawn(1, [5000]), some: drawn(2, [3]), none: drawn(3, [2]) };
    const losses = ({ long, some }: typeof parameters) => ({
      a: sum(mul(long, long)),
      b: sum(mul(long, drawn(4, [5000]))),
      c: add(sum(long), sum(square(some))),
      d: sum(some),
      e: tensor(new Float64Array([3])),
    });
    const expected = gramian(taskGradients(losses)(parameters).gradients);
    const { gramian: found } = taskGramian(losses)(parameters);
    found.toTypedArray().forEach((value, k) => {
      expect(value).toBeCloseTo(expected[k]!, 8);
    });
    expect(expected[24]).toBe(0);
  });

  test("through functions with derivatives of their own, which capture parameters", () => {
    const { parameters, losses } = problem(3, 2, 4, 3);
    const held = (p: Layers) => losses(p).map((_, t) => checkpoint((q: Layers) => losses(q)[t]!)(p));
    const expected = gramian(taskGradients(losses)(parameters).gradients);
    taskGramian(held)(parameters)
      .gramian.toTypedArray()
      .forEach((value, k) => {
        expect(value).toBeCloseTo(expected[k]!, 10);
      });
  });

  test("keeps one layer's gradients at a time: its memory does not grow with the layers as theirs does", () => {
    const [tasks, width, rows] = [16, 48, 4];
    const bytes = (depth: number) => {
      const { parameters, losses } = problem(tasks, depth, width, rows, "float32");
      const alone = compile((p: Layers) => taskGramian(losses)(p).gramian).explain(parameters).arenaBytes;
      const all = compile((p: Layers) => taskGradients(losses)(p).gradients).explain(parameters).arenaBytes;
      return { alone, all };
    };
    const [shallow, deep] = [bytes(2), bytes(10)];
    const layer = 4 * tasks * width * (width + 1);
    expect(deep.all - shallow.all).toBeGreaterThan(7.9 * layer);
    // The parameters themselves and what the forward pass keeps: not a task's gradient more.
    expect(deep.alone - shallow.alone).toBeLessThan(layer);
    expect(deep.alone).toBeLessThan(deep.all / 3);
  });

  test("says which loss is not one number, and that there must be some", () => {
    expect(() => taskGramian((w: Tensor) => [sum(w), w])(tensor([1, 2]))).toThrow(/at \[1\]/);
    expect(() => taskGramian((_: Tensor) => [])(tensor([1, 2]))).toThrow(/taskGramian: the function must return/);
  });
});
