import { checkDerivatives, checkGradient } from "@kinship/autodiff/testing";
import {
  abs,
  add,
  apply,
  broadcastTo,
  cos,
  type Derivative,
  exp,
  log,
  matmul,
  matrixTranspose,
  max,
  mul,
  type Primitive,
  relu,
  type Site,
  sin,
  square,
  stopGradient,
  sub,
  sum,
  sumTo,
  type Tensor,
  tensor,
} from "@kinship/tensor";
import { describe, expect, test } from "vitest";
import { f64 } from "../support.js";

type Custom = Extract<Derivative<unknown>, { kind: "custom" }>;

/** mul, sin and sum again, with derivatives that each test spoils in its own way. */
const product = (derivative: Partial<Custom>) =>
  primitive(mul.primitive as Primitive, {
    kind: "custom",
    vjp: (g, { inputs: [x, y] }) => [sumTo(mul(g, y), x.shape), sumTo(mul(g, x), y.shape)],
    jvp: ([s, t], { inputs: [x, y] }) => add(s ? mul(s, y) : 0, t ? mul(x, t) : 0),
    ...derivative,
  });

const primitive =
  (of: Primitive, derivative: Derivative<unknown>) =>
  (...inputs: Tensor[]): Tensor =>
    apply<unknown>({ ...of, derivative }, inputs, undefined);

const x = f64([
  [0.5, -1.25, 2],
  [1.5, 0.75, -0.5],
]);
const row = f64([[1.5, 2.5, -0.75]]);
const at: [Tensor, Tensor] = [x, row];

test("the right rules pass", () => {
  checkDerivatives(product({}), at, { broadcasts: true });
  checkDerivatives((a, b) => mul(a, b), at, { broadcasts: true });
  checkDerivatives(
    (p: { a: Tensor; b: [Tensor] }) => ({ sum: sum(mul(p.a, p.b[0])), sin: sin(p.a) }),
    [{ a: x, b: [row] }],
  );
});

describe("a wrong rule is found", () => {
  const rules: Record<string, [(...xs: Tensor[]) => Tensor, RegExp]> = {
    "a sign in the vjp": [
      product({ vjp: (g, { inputs: [a, b] }) => [sumTo(mul(g, mul(b, -1)), a.shape), sumTo(mul(g, a), b.shape)] }),
      /vjp is not the transpose of jvp[\s\S]*∂ output at (\[\d, \d\]) \/ ∂ argument 0 at \1: jvp [\s\S]*a factor of -1\.0/,
    ],
    "a sign in both": [
      primitive(mul.primitive as Primitive, {
        kind: "partials",
        of: [({ inputs: [, b] }) => mul(b, -1), ({ inputs: [a] }) => a],
      }),
      /jvp differs from finite differences[\s\S]*a factor of -1\.0000/,
    ],
    "a factor of 1.001": [
      primitive(mul.primitive as Primitive, {
        kind: "partials",
        of: [({ inputs: [, b] }) => b, ({ inputs: [a] }) => mul(a, 1.001)],
      }),
      /jvp differs from finite differences[\s\S]*∂ output at \[1, 0\] \/ ∂ argument 1 at \[0, 0\]: jvp 1\.5015\d*, differences 1\.50*, off by 0\.00150, a factor of 1\.00100/,
    ],
    "a missing term": [
      product({ jvp: ([s], { inputs: [a, b] }) => (s ? mul(s, b) : broadcastTo(0, mul(a, b).shape)) }),
      /jvp differs from finite differences/,
    ],
    "a missing sum over broadcast axes": [
      product({ vjp: (g, { inputs: [a, b] }) => [mul(g, b), mul(g, a)] }),
      /another shape or dtype than its argument[\s\S]*argument 1 is \[1, 3\] float64, its cotangent \[2, 3\] float64[\s\S]*broadcast/,
    ],
    "swapped arguments": [
      primitive(mul.primitive as Primitive, {
        kind: "partials",
        of: [({ inputs: [a] }) => a, ({ inputs: [, b] }) => b],
      }),
      /jvp differs from finite differences/,
    ],
    "a derivative declared zero": [primitive(mul.primitive as Primitive, { kind: "zero" }), /jvp 0, differences/],
  };
  test.each(Object.entries(rules))("%s", (_, [f, message]) => {
    expect(() => checkDerivatives(f, at)).toThrow(message);
  });

  test("a wrong axis", () => {
    const square = f64([
      [1, 2],
      [3, 5],
    ]);
    const sumPrimitive = primitive(
      {
        ...(mul.primitive as Primitive),
        infer: ([a]) => ({ shape: [a.shape[0]], dtype: a.dtype }),
        evaluate: ([a]) => sum(a, { axis: 1 }),
      },
      {
        kind: "custom",
        vjp: (g: Tensor, { inputs: [a] }: Site) => [broadcastTo(g, a.shape)],
        jvp: ([t]) => sum(t!, { axis: 1 }),
      },
    );
    expect(() => checkDerivatives(sumPrimitive, [square])).toThrow("vjp is not the transpose of jvp");
  });

  test("a symmetric part that is dropped: the gradient of xᵀAx is (A + Aᵀ)x, not 2Ax", () => {
    const a = f64([
      [1, 2],
      [-3, 4],
    ]);
    const form = (of: (v: Tensor) => Tensor) =>
      primitive(
        {
          ...(mul.primitive as Primitive),
          infer: ([v]) => ({ shape: [], dtype: v.dtype }),
          evaluate: ([v]) => sum(mul(v, matmul(a, v))),
        },
        {
          kind: "custom",
          vjp: (g, { inputs: [v] }) => [mul(g, of(v))],
          jvp: ([t], { inputs: [v] }) => sum(mul(t!, of(v))),
        },
      );
    checkDerivatives(
      form((v) => matmul(add(a, matrixTranspose(a)), v)),
      [f64([0.5, -1])],
    );
    expect(() =>
      checkDerivatives(
        form((v) => mul(2, matmul(a, v))),
        [f64([0.5, -1])],
      ),
    ).toThrow("finite differences");
  });

  test("a second order that is detached", () => {
    const f = primitive(sin.primitive as Primitive, {
      kind: "partials",
      of: [({ inputs: [a] }) => stopGradient(cos(a))],
    });
    checkDerivatives(f, [x], { order: 1 });
    expect(() => checkDerivatives(f, [x])).toThrow(
      /second order: the derivative of the gradient differs from its finite differences[\s\S]*argument 0/,
    );
  });

  test("modes that disagree in second order only", () => {
    const f = primitive(sin.primitive as Primitive, {
      kind: "custom",
      vjp: (g, { inputs: [a] }) => [mul(g, cos(a))],
      jvp: ([t], { inputs: [a] }) => mul(t!, stopGradient(cos(a))),
    });
    expect(() => checkDerivatives(f, [x])).toThrow("second order: ");
  });

  test("a function that writes into its input, or remembers", () => {
    const writes = (v: Tensor) => {
      v.data[v.offset] += 1e-13;
      return sin(v);
    };
    expect(() => checkDerivatives(writes, [x])).toThrow("an input was written to");
    let calls = 0;
    expect(() => checkDerivatives((v: Tensor) => mul(v, 1 + 1e-14 * calls++), [x])).toThrow(
      "the same call gives another result",
    );
  });

  test("memory that is read instead of the view", () => {
    const reads = (v: Tensor) => tensor(Float64Array.from(v.data.slice(0, v.size)), { shape: v.shape });
    const f = primitive(
      { ...(mul.primitive as Primitive), infer: ([v]) => v, evaluate: ([v]) => reads(v) },
      { kind: "linear", adjoint: (g) => g },
    );
    expect(() => checkDerivatives(f, [x])).toThrow("strided views change the result");
  });

  test("a float32 path with a derivative of its own", () => {
    const f = primitive(sin.primitive as Primitive, {
      kind: "partials",
      of: [({ inputs: [a] }) => (a.dtype === "float32" ? mul(cos(a), 1.01) : cos(a))],
    });
    checkDerivatives(f, [x]);
    expect(() => checkDerivatives(f, [tensor([0.5, 1])])).toThrow("float32 differs from float64");
  });
});

describe("what cannot be checked is not passed", () => {
  test("a kink, also where the mean of both slopes is what was found", () => {
    expect(() => checkDerivatives((v: Tensor) => abs(v), [f64([1, 0])])).toThrow("differences do not settle");
    expect(() => checkDerivatives((v: Tensor) => relu(v), [f64([1, 0])])).toThrow();
    expect(() => checkDerivatives((v: Tensor) => max(v), [f64([1, 1])])).toThrow();
    expect(() =>
      checkGradient(
        ([p]) => Math.abs(p),
        () => [0],
        [0],
      ),
    ).toThrow("differences do not settle");
  });

  test("noise", () => {
    let k = 0;
    expect(() => checkDerivatives((v: Tensor) => add(sin(v), 1e-4 * Math.sin(k++)), [x])).toThrow(
      "differences do not settle",
    );
  });

  test("results that are not numbers, or infinite", () => {
    expect(() => checkDerivatives((v: Tensor) => log(v), [f64([-1])])).toThrow("differences do not settle");
    expect(() => checkDerivatives((v: Tensor) => add(v, Number.POSITIVE_INFINITY), [f64([1])])).toThrow(
      "differences do not settle",
    );
    expect(() =>
      checkGradient(
        () => Number.NaN,
        () => [Number.NaN],
        [1],
      ),
    ).toThrow("differences do not settle");
  });

  test("a derivative of 0 is a derivative", () => {
    const fifth = (v: Tensor) => mul(v, square(square(v)));
    checkDerivatives(fifth, [f64([0, 1])]);
    checkDerivatives(fifth, [f64(0)]);
    checkDerivatives((v: Tensor) => sin(fifth(v)), [f64([0])]);
    // Nothing but rounding, which no value shows.
    checkDerivatives((v: Tensor, w: Tensor) => sub(add(sub(w, v), v), w), [f64([-1.71875, 0]), f64([0.1])]);
    checkGradient(
      ([p]) => p ** 7,
      ([p]) => [7 * p ** 6],
      [0],
    );
    expect(() =>
      checkGradient(
        ([p]) => p ** 7,
        () => [1e-6],
        [0],
      ),
    ).toThrow("differs from finite differences");
  });

  test("nothing at all is fine", () => {
    checkDerivatives((v: Tensor) => mul(v, 2), [f64([])]);
    checkGradient(
      () => 1,
      () => [],
      [],
    );
  });

  test("integers alone", () => {
    expect(() => checkDerivatives((v: Tensor) => v, [tensor([1], { dtype: "int32" })])).toThrow(
      "found no argument of float32 or float64",
    );
  });

  test("an argument that stands by itself", () => {
    // @ts-expect-error: a tensor is iterable, and would be taken for a list of numbers.
    expect(() => checkDerivatives((v: Tensor) => v, tensor([1, 2]))).toThrow("checkDerivatives(f, [x])");
  });

  test("errors of the function are its own", () => {
    expect(() =>
      checkDerivatives(
        (_: Tensor): Tensor => {
          throw new Error("mine");
        },
        [x],
      ),
    ).toThrow("mine");
  });
});

describe("plain functions", () => {
  const rosenbrock = (p: Float64Array) => (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2;
  const right = (p: Float64Array) => [-2 * (1 - p[0]) - 400 * p[0] * (p[1] - p[0] ** 2), 200 * (p[1] - p[0] ** 2)];

  test("a right gradient passes, near and far from 0", () => {
    checkGradient(rosenbrock, right, [-1.2, 1]);
    checkGradient(rosenbrock, right, [1200, -3e5]);
    checkGradient(rosenbrock, right, [1e-6, 1e-5]);
  });

  test("a wrong one is named", () => {
    const wrong = (p: Float64Array) => [right(p)[0], 100 * (p[1] - p[0] ** 2)];
    expect(() => checkGradient(rosenbrock, wrong, [-1.2, 1])).toThrow(
      /the gradient differs from finite differences\n {2}entry 1 of 2: gradient -44\.0*, differences -88\.0*, off by 44\.0, a factor of 0\.5/,
    );
    expect(() => checkGradient(rosenbrock, (p) => [right(p)[0]], [1, 2])).toThrow("another length than the input");
    expect(() => checkGradient(rosenbrock, (p) => p.fill(0), [1, 2])).toThrow("wrote to its input");
    expect(() => checkGradient(Math.abs as never, () => [0], [0])).toThrow();
  });

  test("domains that end near the point", () => {
    checkGradient(
      ([p]) => Math.log(p),
      ([p]) => [1 / p],
      [0.01],
    );
    checkGradient(
      ([p]) => Math.sqrt(p),
      ([p]) => [0.5 / Math.sqrt(p)],
      [1e-4],
    );
  });
});

test("values of very different sizes", () => {
  checkDerivatives((a, b) => mul(exp(a), b), [f64([1e-3, 2]), f64([1e6, 1e-6])]);
});
