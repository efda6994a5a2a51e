import { describe, expect, test } from "vitest";
import { add, full, type Primitive, type Tensor, tensor } from "../../src/index.js";
import { uninitialized } from "../../src/memory.js";
import { allPrimitives } from "../../src/primitives/index.js";
import {
  emptyAndSingleAxes,
  float32IsNearFloat64,
  inputsStayUntouched,
  laws,
  releasedMemoryIsOverwritten,
  shapeRulePredicts,
  viewsEqualCopies,
} from "./laws.js";

/** A small generator: the same inputs everywhere. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

for (const primitive of allPrimitives())
  describe(primitive.name, () => {
    primitive.samples.forEach((sample, k) => {
      for (const [name, law] of Object.entries(laws))
        test(`${name} (sample ${k})`, () => law(primitive, sample, generator(k + 1)));
    });
  });

test("no two primitives share a name", () => {
  const names = allPrimitives().map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});

// A law that passes whatever is computed is no law: each must find a primitive that breaks it.
describe("planted errors are found", () => {
  const sample = {
    shapes: [
      [3, 4],
      [3, 4],
    ],
    params: undefined,
  };
  const sum = add.primitive;
  const broken = (evaluate: Primitive<void>["evaluate"]): Primitive => ({ ...sum, evaluate }) as Primitive;
  const fails = (law: (typeof laws)[string], primitive: Primitive) =>
    expect(() => law(primitive, sample, generator(1))).toThrow();

  test("a shape that the rule does not say", () =>
    fails(
      shapeRulePredicts,
      broken(([x]) => tensor(x.toTypedArray(), { shape: [4, 3] })),
    ));
  test("a dtype that the rule does not say", () =>
    fails(
      shapeRulePredicts,
      broken((inputs, output) => tensor(sum.evaluate(inputs, output, undefined), { dtype: "int32" })),
    ));
  test("memory read without its strides", () =>
    fails(
      viewsEqualCopies,
      broken(([x, y]) => {
        const data = Float64Array.from({ length: x.size }, (_, k) => x.data[k] + y.data[k]);
        return tensor(data, { shape: x.shape });
      }),
    ));
  test("an element that is not written", () =>
    fails(
      releasedMemoryIsOverwritten,
      broken((inputs, output) => {
        const right = sum.evaluate(inputs, output, undefined).toTypedArray();
        const data = uninitialized(output.dtype, right.length);
        data.set(right.subarray(1), 1);
        return tensor(data, { shape: output.shape });
      }),
    ));
  test("an input that is used as scratch", () =>
    fails(
      inputsStayUntouched,
      broken((inputs, output) => {
        const result: Tensor = sum.evaluate(inputs, output, undefined);
        inputs[1].data[0] = 0;
        return result;
      }),
    ));
  test("nothing where there is an axis of size 1", () =>
    fails(
      emptyAndSingleAxes,
      broken((inputs, output) => {
        const result: Tensor = sum.evaluate(inputs, output, undefined);
        return tensor(result.toTypedArray(), { shape: result.shape.filter((size) => size !== 1) });
      }),
    ));
  test("something for a sum of nothing", () => {
    const total = allPrimitives().find(({ name }) => name === "sum")!;
    const planted: Primitive = {
      ...total,
      evaluate: (inputs, output, params) =>
        inputs[0].size === 0 ? full(output.shape, 1, output.dtype) : total.evaluate(inputs, output, params),
    };
    expect(() => emptyAndSingleAxes(planted, total.samples[0], generator(1))).toThrow();
  });
  test("too few digits in float32", () =>
    fails(
      float32IsNearFloat64,
      broken((inputs, output) => {
        const exact = sum.evaluate(inputs, output, undefined);
        return output.dtype === "float32"
          ? tensor(
              exact.toTypedArray().map((x: number) => Math.round(x * 512) / 512),
              { shape: exact.shape },
            )
          : exact;
      }),
    ));
});
