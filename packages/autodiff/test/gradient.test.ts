import { grad, jvp, valueAndGrad, vjp } from "@kinship/autodiff";
import { add, cast, matmul, mul, stopGradient, sub, sum, type Tensor, tensor, zeros } from "@kinship/tensor";
import { describe, expect, test } from "vitest";
import { f64, near } from "./support.js";

interface Layer {
  readonly weights: Tensor;
  readonly bias: Tensor;
}

describe("structures", () => {
  const layer = (): Layer => ({
    weights: f64([
      [1, 2],
      [3, 4],
    ]),
    bias: f64([5, 6]),
  });

  test("a gradient has the structure of its argument", () => {
    const loss = ({ layers }: { layers: Layer[] }, x: Tensor): Tensor =>
      sum(layers.reduce((h, { weights, bias }) => add(matmul(h, weights), bias), x));
    const gradient = grad(loss)({ layers: [layer(), layer()] }, f64([[1, 1]]));
    expect(Object.keys(gradient)).toEqual(["layers"]);
    near(gradient.layers[1].weights, [
      [9, 9],
      [12, 12],
    ]);
    near(gradient.layers[0].bias, [3, 7]);
  });

  test("empty structures and empty tensors", () => {
    expect(grad((_: { none?: never }) => f64(1))({})).toEqual({});
    expect(grad((x) => sum(x))(zeros([0, 3])).shape).toEqual([0, 3]);
  });

  test("vjp and jvp take and give structures", () => {
    const f = ({ a, b }: { a: Tensor; b: Tensor }): [Tensor, { p: Tensor }] => [add(a, b), { p: mul(a, b) }];
    const at = { a: f64(2), b: f64(3) };
    const [output, [tangent, { p }]] = jvp(f, [at], [{ a: f64(1), b: f64(10) }]);
    near(output[1].p, 6);
    near(tangent, 11);
    near(p, 23);
    const [back] = vjp(f, [at]).pullback([f64(1), { p: f64(10) }]);
    near(back.a, 31);
    near(back.b, 21);
  });

  test("dtypes are kept, also where they mix", () => {
    const gradient = grad((x: { narrow: Tensor; wide: Tensor }) => sum(mul(x.narrow, x.wide)))({
      narrow: tensor([1, 2]),
      wide: f64([3, 4]),
    });
    expect([gradient.narrow.dtype, gradient.wide.dtype]).toEqual(["float32", "float64"]);
  });
});

describe("choices", () => {
  test("the first argument unless others are named; the rest may be anything", () => {
    const f = (x: Tensor, times: number, { y }: { y: Tensor }) => sum(mul(mul(x, times), y));
    near(grad(f)(f64([1]), 3, { y: f64([5]) }), [15]);
    const [gx, { y }] = grad(f, { arguments: [0, 2] })(f64([1]), 3, { y: f64([5]) });
    near(gx, [15]);
    near(y, [3]);
  });

  test("in the order that they are named in", () => {
    const [value, [b, a]] = valueAndGrad((x: Tensor, y: Tensor) => mul(mul(x, x), y), { arguments: [1, 0] })(
      f64(2),
      f64(5),
    );
    near(value, 20);
    near(b, 4);
    near(a, 20);
  });

  test("an auxiliary is handed through, whatever it is", () => {
    const f = (x: Tensor, name: string): [Tensor, { name: string; twice: Tensor }] => [
      mul(x, x),
      { name, twice: mul(x, 2) },
    ];
    const [value, gradient, extra] = valueAndGrad(f, { hasAuxiliary: true })(f64(3), "loss");
    near(value, 9);
    near(gradient, 6);
    near(extra.twice, 6);
    expect(extra.name).toBe("loss");
    const [[only], { name }] = grad(f, { hasAuxiliary: true, arguments: [0] })(f64(3), "loss");
    near(only, 6);
    expect(name).toBe("loss");
  });

  test("an auxiliary can feed an outer derivative", () => {
    const outer = grad((x) => grad((y) => [mul(y, y), mul(y, mul(y, y))] as const, { hasAuxiliary: true })(x)[1]);
    near(outer(f64(2)), 12);
  });
});

describe("zero by choice", () => {
  test("an argument that the value does not depend on", () => {
    const gradient = grad(({ used }: { used: Tensor; unused: Tensor }) => sum(used))({
      used: f64([1]),
      unused: f64([1, 2]),
    });
    near(gradient.unused, [0, 0]);
    near(jvp((_x, y) => y, [f64(1), f64(2)], [f64(1), f64(0)])[1], 0);
  });

  test("through stopGradient, comparisons and integers", () => {
    near(grad((x) => sum(stopGradient(x)))(f64([1, 2])), [0, 0]);
    near(grad((x) => sum(cast(cast(x, "int32"), "float64")))(f64([1, 2])), [0, 0]);
    near(jvp((x) => cast(cast(x, "int32"), "float64"), [f64([1.5])], [f64([1])])[1], [0]);
  });

  test("a stopped part counts as a constant beside one that is not", () => {
    near(grad((x) => sum(mul(x, stopGradient(x))))(f64([3, 5])), [3, 5]);
    near(grad((x) => sum(sub(x, stopGradient(x))))(f64([3])), [1]);
  });
});

describe("errors", () => {
  const square = (x: Tensor): Tensor => mul(x, x);

  test("more than one number", () => {
    expect(() => grad(square)(tensor([1, 2]))).toThrow(
      "grad: the function must return one number, found shape [2]; reduce it with sum or mean, or use vjp or jacobian",
    );
    expect(() => valueAndGrad(square)(tensor([1, 2]))).toThrow(/^valueAndGrad: /);
  });

  test("no tensor at all", () => {
    expect(() => grad((() => 3) as never)(tensor(1))).toThrow("must return a tensor of one number, found number");
    expect(() => grad(((x: Tensor) => ({ x })) as never)(tensor(1))).toThrow("found object");
    expect(() => vjp((() => 3) as never, [tensor(1)])).toThrow("vjp: expected tensors");
  });

  test("derivatives in integers and of integers", () => {
    expect(() => grad((x: { ids: Tensor }) => sum(x.ids))({ ids: tensor([1], { dtype: "int32" }) })).toThrow(
      "grad: the argument at .ids is int32, and only float32 and float64 have derivatives; cast it, or capture it as a constant",
    );
    expect(() => jvp(square, [tensor([true])], [tensor([true])])).toThrow("is uint8");
    expect(() => grad((x) => sum(cast(x, "int32")))(tensor([1]))).toThrow(
      "the result is int32, which has no derivative",
    );
  });

  test("a promise, named by what was called", async () => {
    const later = (async (x: Tensor) => x) as never;
    expect(() => grad(later)(tensor(1))).toThrow(/^grad: the function returned a promise/);
    expect(() => vjp(later, [tensor(1)])).toThrow(/^vjp: .*await the data first/);
    expect(() => jvp(later, [tensor(1)], [tensor(1)])).toThrow(/^jvp: /);
    const failing = (async () => {
      throw new Error("nobody waits for this");
    }) as never;
    expect(() => grad(failing)(tensor(1))).toThrow("promise");
    await new Promise((done) => setTimeout(done, 0));
  });

  test("tangents and cotangents of another shape, dtype or structure", () => {
    expect(() => jvp(square, [tensor([1, 2])], [tensor([1])])).toThrow(
      "jvp: the tangent at [0] must be [2] float32, found [1] float32",
    );
    expect(() => jvp(square, [tensor([1])], [f64([1])])).toThrow("must be [1] float32, found [1] float64");
    expect(() => vjp(square, [tensor([1, 2])]).pullback(tensor(1))).toThrow(
      "pullback: the cotangent must be [2] float32, found [] float32",
    );
    expect(() => jvp((x: { a: Tensor }) => x.a, [{ a: tensor(1) }], [{ b: tensor(1) } as never])).toThrow(
      "jvp: structures differ, nothing at [0].a",
    );
  });

  test("a tensor that was written to after it was recorded", () => {
    const w = tensor([1, 2]);
    const { pullback } = vjp((x) => mul(x, w), [tensor([3, 4])]);
    w.set(0, 9);
    expect(() => pullback(tensor([1, 1]))).toThrow(
      "pullback: input 1 of mul was written to after it was recorded; write before the function runs, or into a copy",
    );
  });

  test("arguments that are not there", () => {
    const f = (x: Tensor, y: Tensor) => mul(x, y);
    expect(() => grad(f, { arguments: [0, 0] as never })).toThrow("counted from 0, each once; found [0, 0]");
    expect(() => grad(f, { arguments: [-1] as never })).toThrow("counted from 0");
    expect(() => grad(f as never, { arguments: [2] as never })(tensor(1) as never)).toThrow(
      "grad: asked for the gradient in argument 2, called with 1",
    );
    expect(() => grad(((x: Tensor) => x) as never, { hasAuxiliary: true })(tensor(1))).toThrow(
      "must return [value, auxiliary]",
    );
  });

  test("an argument that is not tensors", () => {
    expect(() => grad((x: { rate: never }) => x.rate)({ rate: 3 as never })).toThrow(
      "found number at .rate; pass what is constant as another argument",
    );
  });

  test("a failed derivative leaves its arguments as they were", () => {
    const x = tensor([1, 2]);
    expect(() => grad(square)(x)).toThrow();
    expect(x.toArray()).toEqual([1, 2]);
    expect(x.storage.version).toBe(0);
  });
});
