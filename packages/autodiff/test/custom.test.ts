import { checkpoint, customDerivative, directionalDerivative, grad, hvp, jvp, linearize, vjp } from "@kinship/autodiff";
import { cos, exp, mul, sin, stopGradient, sum, type Tensor, tensor, zerosLike } from "@kinship/tensor";
import { describe, expect, test } from "vitest";
import { f64, near } from "./support.js";

const byVjp = customDerivative((x: Tensor) => sin(x), { vjp: (g, { arguments: [x] }) => [mul(g, cos(x))] });
const byJvp = customDerivative((x: Tensor) => sin(x), { jvp: ([t], { arguments: [x] }) => mul(t, cos(x)) });
const byBoth = customDerivative((x: Tensor) => sin(x), {
  vjp: (g, { arguments: [x] }) => [mul(g, cos(x))],
  jvp: ([t], { arguments: [x] }) => mul(t, cos(x)),
});

describe.each([
  ["vjp alone", byVjp],
  ["jvp alone", byJvp],
  ["both", byBoth],
])("%s", (_, f) => {
  const x = 0.6;

  test("serves both modes", () => {
    near(f(f64(x)), Math.sin(x));
    near(grad(f)(f64(x)), Math.cos(x));
    near(jvp(f, [f64(x)], [f64(2)])[1], 2 * Math.cos(x));
    near(linearize(f, [f64(x)]).pushforward(f64(2)), 2 * Math.cos(x));
  });

  test("is differentiated further, in every mode", () => {
    near(hvp(f)(f64(x), f64(1)), -Math.sin(x));
    near(grad(grad(f))(f64(x)), -Math.sin(x));
    near(grad((y) => directionalDerivative(f)(y, f64(1)))(f64(x)), -Math.sin(x));
    near(directionalDerivative((y: Tensor) => directionalDerivative(f)(y, f64(1)))(f64(x), f64(1)), -Math.sin(x));
    near(grad(grad(grad(f)))(f64(x)), -Math.cos(x));
  });

  test("inside a larger function and inside checkpoint", () => {
    const g = (y: Tensor) => sum(exp(f(mul(y, y))));
    const slope = 2 * x * Math.cos(x * x) * Math.exp(Math.sin(x * x));
    near(grad(g)(f64([x])), [slope]);
    near(grad(checkpoint(g))(f64([x])), [slope]);
  });
});

test("the rule counts, not the body", () => {
  const straightThrough = customDerivative((x: Tensor) => mul(x, 0), { vjp: (g) => [g] });
  near(grad((x) => sum(straightThrough(x)))(f64([1, 2])), [1, 1]);
  near(jvp(straightThrough, [f64(1)], [f64(5)])[1], 5);
});

test("the output may be used by the rule", () => {
  const f = customDerivative((x: Tensor) => exp(x), { vjp: (g, { output }) => [mul(g, output)] });
  near(grad(grad(f))(f64(1)), Math.E);
});

test("structures in and out", () => {
  const f = customDerivative((p: { a: Tensor; b: Tensor }) => ({ sum: sum(p.a), product: mul(p.a, p.b) }), {
    vjp: (g, { arguments: [{ a, b }] }) => [
      { a: mul(g.product, b), b: mul(g.product, a) }, // the sum's part is left out on purpose
    ],
  });
  const [{ a, b }] = vjp(f, [{ a: f64([1, 2]), b: f64([3, 4]) }]).pullback({ sum: f64(100), product: f64([1, 1]) });
  near(a, [3, 4]);
  near(b, [1, 2]);
});

test("an argument without a derivative", () => {
  const take = customDerivative((x: Tensor, ids: Tensor) => mul(x, ids), {
    vjp: (g, { arguments: [, ids] }) => [mul(g, ids), undefined],
  });
  const ids = tensor([2, 3], { dtype: "int32" });
  near(grad((x) => sum(take(x, ids)))(f64([1, 1])), [2, 3]);
  const forward = customDerivative((x: Tensor, i: Tensor) => mul(x, i), {
    jvp: ([t], { arguments: [, i] }) => mul(t, i),
  });
  near(grad((x) => sum(forward(x, ids)))(f64([1, 1])), [2, 3]);
});

test("an output of whole numbers beside a real one", () => {
  const ids = tensor([7, 9], { dtype: "int32" });
  const f = (x: Tensor) => [sin(x), ids] as const;
  const rules = [
    customDerivative(f, { vjp: ([g], { arguments: [x] }) => [mul(g, cos(x))] }),
    customDerivative(f, { jvp: ([t], { arguments: [x] }) => [mul(t, cos(x)), zerosLike(ids)] as const }),
  ];
  for (const g of rules) {
    near(grad((x) => sum(g(x)[0]))(f64([1, 2])), [Math.cos(1), Math.cos(2)]);
    near(jvp((x: Tensor) => g(x)[0], [f64([1, 2])], [f64([1, 1])])[1], [Math.cos(1), Math.cos(2)]);
    expect(g(f64([1, 2]))[1].toArray()).toEqual([7, 9]);
  }
});

test("a body that returns its argument", () => {
  const reversed = customDerivative((x: Tensor) => x, { vjp: (g) => [mul(g, -1)] });
  near(grad((x) => mul(x, reversed(x)))(f64(3)), 0);
});

describe("errors", () => {
  const wrong = (vjpResult: (g: Tensor, x: Tensor) => unknown) =>
    customDerivative((x: Tensor) => mul(x, x), {
      vjp: (g, { arguments: [x] }) => vjpResult(g, x) as [Tensor],
    });

  test("results of another shape, dtype, number or structure", () => {
    expect(() => grad((x) => sum(wrong((g) => [sum(g)])(x)))(f64([1, 2]))).toThrow(
      "customDerivative: the cotangent of argument 0 must be [2] float64, found [] float64",
    );
    expect(() => grad((x) => sum(wrong(() => [tensor([1, 2])])(x)))(f64([1, 2]))).toThrow("found [2] float32");
    expect(() => grad((x) => sum(wrong((g) => g)(x)))(f64([1, 2]))).toThrow(
      "the vjp must return an array with one cotangent for each of the 1 arguments, found object",
    );
    expect(() => grad((x) => sum(wrong((g) => [g, g])(x)))(f64([1, 2]))).toThrow("found 2");
    expect(() => grad((x) => sum(wrong((g) => [{ g }])(x)))(f64([1, 2]))).toThrow("structures differ");
    const tangent = customDerivative((x: Tensor) => mul(x, x), { jvp: ([t]) => sum(t) });
    expect(() => jvp(tangent, [f64([1, 2])], [f64([1, 2])])).toThrow(
      "customDerivative: the tangent must be [2] float64, found [] float64",
    );
  });

  test("no rule", () => {
    expect(() => customDerivative((x: Tensor) => x, {} as never)).toThrow(
      "expected a vjp, a jvp or both, found neither",
    );
  });

  test("a captured variable, whose derivative would be lost", () => {
    const f = (w: Tensor) => (x: Tensor) => customDerivative((y: Tensor) => mul(y, w), { vjp: (g) => [mul(g, w)] })(x);
    const message = "uses a tensor of shape [] that is being differentiated but is not among its arguments";
    expect(() => grad((w) => f(w)(f64(2)))(f64(3))).toThrow(message);
    expect(() => jvp((w) => f(w)(f64(2)), [f64(3)], [f64(1)])).toThrow(message);
    expect(() => grad((w) => grad((x) => f(w)(x))(f64(2)))(f64(3))).toThrow(message);
    near(grad((w) => f(stopGradient(w))(w))(f64(3)), 3);
    near(grad((x) => f(f64(5))(x))(f64(2)), 5);
  });

  test("a rule that gives zero is zero", () => {
    const none = customDerivative((x: Tensor) => mul(x, x), { vjp: (g) => [zerosLike(g)] });
    near(grad((x) => sum(none(x)))(f64([1, 2])), [0, 0]);
  });
});
