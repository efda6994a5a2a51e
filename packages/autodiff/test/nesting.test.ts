import { directionalDerivative, grad, hvp, jvp, vjp } from "@kinship/autodiff";
import { add, exp, log, mul, pow, sin, sum, type Tensor, tensor } from "@kinship/tensor";
import { describe, expect, test } from "vitest";
import { f64, near } from "./support.js";

const derivative =
  (mode: "forward" | "reverse") =>
  (f: (x: Tensor) => Tensor) =>
  (x: Tensor): Tensor =>
    mode === "reverse" ? grad(f)(x) : directionalDerivative(f)(x, tensor(1, { dtype: x.dtype }));

describe.each(["forward", "reverse"] as const)("%s inside", (inner) => {
  describe.each(["forward", "reverse"] as const)("%s", (outer) => {
    const d = derivative(inner);
    const D = derivative(outer);

    test("perturbations are not confused: d/dx x·(d/dy (x + y)) = 1", () => {
      near(D((x) => mul(x, d((y) => add(x, y))(f64(1))))(f64(3)), 1);
    });

    test("d/dx x·(d/dy x·y) = 2x, although x and the point y = x are one tensor", () => {
      near(D((x) => mul(x, d((y) => mul(x, y))(x)))(f64(3)), 6);
    });

    test("a derivative that leaves by a capture: d/dx (d/dy x·y²) at y = x is 4x through both paths", () => {
      near(D((x) => d((y) => mul(x, mul(y, y)))(x))(f64(3)), 12);
    });

    test("third derivatives against closed forms", () => {
      const third = (f: (x: Tensor) => Tensor) => D(d(d(f)));
      const x = 0.5;
      near(third((y) => exp(mul(y, y)))(f64(x)), (12 * x + 8 * x ** 3) * Math.exp(x * x));
      near(third(sin)(f64(x)), -Math.cos(x));
      near(third(log)(f64(x)), 2 / x ** 3);
      near(third((y) => pow(y, 5))(f64(x)), 60 * x ** 2);
    });
  });
});

test("an argument that is captured too counts as a constant", () => {
  const x = f64(3);
  near(grad((y) => mul(x, y))(x), 3);
  near(jvp((y) => mul(x, y), [x], [f64(1)])[1], 3);
});

test("an argument given twice is two variables", () => {
  const x = f64(3);
  const [first, second] = vjp((a, b) => mul(mul(a, a), b), [x, x]).pullback(f64(1));
  near(first, 18);
  near(second, 9);
});

test("a pullback is differentiable in its cotangent and in the point", () => {
  const pullback = (x: Tensor, g: Tensor): Tensor => vjp((y) => mul(sin(y), y), [x]).pullback(g)[0];
  const x = 0.7;
  // d/dx (x sin x) = sin x + x cos x
  near(grad((g) => sum(pullback(f64([x]), g)))(f64([2])), [Math.sin(x) + x * Math.cos(x)]);
  near(grad((y) => sum(pullback(y, f64([2]))))(f64([x])), [2 * (2 * Math.cos(x) - x * Math.sin(x))]);
});

test("a pullback taken inside and used outside still sees the outer variable", () => {
  const outer = grad((x) => {
    const { pullback } = vjp((y) => mul(x, mul(y, y)), [f64(2)]);
    return pullback(f64(1))[0]; // 2·x·y
  });
  near(outer(f64(5)), 4);
});

test("hvp against the closed form", () => {
  const x = [0.3, -1.2, 2];
  const v = [1, -0.5, 0.25];
  const f = (y: Tensor) => sum(mul(sin(y), mul(y, y)));
  const second = (u: number) => 2 * Math.sin(u) + 4 * u * Math.cos(u) - u * u * Math.sin(u);
  near(
    hvp(f)(f64(x), f64(v)),
    x.map((u, k) => v[k] * second(u)),
  );
});

test("hvp over a structure mixes its parts", () => {
  const f = ({ a, b }: { a: Tensor; b: Tensor }) => sum(mul(mul(a, a), b));
  const { a, b } = hvp(f)({ a: f64([2]), b: f64([3]) }, { a: f64([1]), b: f64([10]) });
  near(a, [2 * 3 * 1 + 2 * 2 * 10]);
  near(b, [2 * 2 * 1]);
});

test("what an interrupted derivative leaves behind does not disturb the next", () => {
  expect(() =>
    grad((): Tensor => {
      throw new Error("from the body");
    })(f64(1)),
  ).toThrow("from the body");
  near(grad((x) => mul(x, x))(f64(3)), 6);
});

test("whole powers have derivatives of every order at 0", () => {
  const at = (power: number, order: number): number => {
    let f = (x: Tensor): Tensor => pow(x, power);
    for (let k = 0; k < order; k++) f = grad(f);
    return f(f64(0)).item() + 0; // no −0
  };
  expect([0, 1, 2, 3].map((order) => at(2, order))).toEqual([0, 0, 2, 0]);
  expect([0, 1, 2].map((order) => at(1, order))).toEqual([0, 1, 0]);
  expect([0, 1, 2].map((order) => at(0, order))).toEqual([1, 0, 0]);
});
