import {
  grad,
  hessian,
  hvp,
  jacobian,
  jacobianForward,
  jacobianOfTasks,
  jacobianReverse,
  jvp,
  linearize,
  visitTaskGradients,
  vjp,
} from "@kinship/autodiff";
import { exp, matmul, mean, mul, sin, sub, sum, type Tensor, tanh, tensor, transpose, zeros } from "@kinship/tensor";
import { describe, expect, test } from "vitest";
import { f64, near } from "./support.js";

describe.each([
  ["jacobian", jacobian],
  ["jacobianForward", jacobianForward],
  ["jacobianReverse", jacobianReverse],
] as const)("%s", (name, of) => {
  test("of an elementwise function is diagonal", () => {
    near(of((x: Tensor) => mul(x, x))(f64([1, 2, 3])), [
      [2, 0, 0],
      [0, 4, 0],
      [0, 0, 6],
    ]);
  });

  test("of a matrix product with a constant is that constant", () => {
    const a = [
      [1, 2, 3],
      [4, 5, 6],
    ];
    near(of((x: Tensor, m: Tensor) => matmul(m, x))(f64([1, 1, 1]), f64(a)), a);
    near(of((x: Tensor) => matmul(x, f64(a)))(f64([1, 1])), [
      [1, 4],
      [2, 5],
      [3, 6],
    ]);
  });

  test("has the output's shape and then the input's", () => {
    const j = of((x: Tensor) => transpose(x))(f64([[1, 2, 3]]));
    expect(j.shape).toEqual([3, 1, 1, 3]);
    near(of((x: Tensor) => sum(x))(f64([[1, 2]])), [[1, 1]]);
    near(of((x: Tensor) => mul(x, f64([1, 2])))(f64(3)), [1, 2]);
  });

  test("of structures holds a block for each pair", () => {
    const f = (x: { a: Tensor; b: Tensor }) => ({ p: mul(x.a, x.b), q: [sum(x.a)] as const });
    const j = of(f)({ a: f64([2, 3]), b: f64(5) });
    near(j.p.a, [
      [5, 0],
      [0, 5],
    ]);
    near(j.p.b, [2, 3]);
    near(j.q[0].a, [1, 1]);
    near(j.q[0].b, 0);
  });

  test("of nothing is empty", () => {
    expect(of((x: Tensor) => x)(zeros([0])).shape).toEqual([0, 0]);
    expect(of((_: Tensor) => zeros([0]))(tensor([1, 2])).shape).toEqual([0, 2]);
  });

  test("keeps dtypes, refuses integers", () => {
    expect(of((x: Tensor) => sin(x))(tensor([1, 2])).dtype).toBe("float32");
    expect(() => of((x: Tensor) => x)(tensor([1], { dtype: "int32" }))).toThrow(`${name}: the argument is int32`);
    expect(() => of((_: Tensor) => tensor([1], { dtype: "int32" }))(tensor([1]))).toThrow(
      `${name}: the result is int32`,
    );
  });

  test("is differentiable itself", () => {
    // The trace of the Jacobian of x³ is 3 Σ x².
    const trace = (x: Tensor) =>
      sum(
        mul(
          of((y: Tensor) => mul(y, mul(y, y)))(x),
          f64([
            [1, 0],
            [0, 1],
          ]),
        ),
      );
    near(grad(trace)(f64([2, 5])), [12, 30]);
  });
});

describe("hessian", () => {
  test("of a quadratic form is its matrix and the transpose", () => {
    const a = f64([
      [1, 2],
      [3, 4],
    ]);
    near(hessian((x) => sum(mul(x, matmul(a, x))))(f64([5, 7])), [
      [2, 5],
      [5, 8],
    ]);
  });

  test("times v is hvp; of structures it holds every block", () => {
    const f = ({ w, b }: { w: Tensor; b: Tensor }) => sum(exp(mul(w, b)));
    const at = { w: f64([0.5, -1]), b: f64(2) };
    const h = hessian(f)(at);
    const v = { w: f64([1, 2]), b: f64(3) };
    const product = hvp(f)(at, v);
    const dot = (x: Tensor, y: Tensor) => sum(mul(x, y)).item();
    expect(dot(h.b.w, v.w) + h.b.b.item() * 3).toBeCloseTo(product.b.item(), 10);
    near(h.w.b, h.b.w.toArray());
  });

  test("with constants, and its errors", () => {
    near(hessian((x: Tensor, times: number) => mul(mul(x, x), times))(f64(1), 5), 10);
    expect(() => hessian((x) => x)(f64([1, 2]))).toThrow("must return one number");
  });
});

describe("linearize", () => {
  test("is jvp, for any tangent", () => {
    const f = (x: Tensor, y: Tensor) => [tanh(mul(x, y)), sum(exp(x))] as const;
    const at: [Tensor, Tensor] = [f64([0.5, -1]), f64([2, 3])];
    const { output, pushforward } = linearize(f, at);
    near(output[1], Math.exp(0.5) + Math.exp(-1));
    for (const v of [
      [f64([1, 0]), f64([0, 1])],
      [f64([-2, 3]), f64([0.5, 0.25])],
    ] as [Tensor, Tensor][]) {
      const [, [first, second]] = jvp(f, at, v);
      const found = pushforward(...v);
      near(found[0], first.toArray());
      near(found[1], second.toArray());
    }
  });

  test("does not run the function again", () => {
    let runs = 0;
    const { pushforward } = linearize(
      (x) => {
        runs++;
        return sin(x);
      },
      [f64(1)],
    );
    pushforward(f64(1));
    pushforward(f64(2));
    expect(runs).toBe(1);
  });

  test("is differentiable in the point and in the tangent", () => {
    near(grad((x) => linearize((y) => sin(y), [x]).pushforward(f64(1)))(f64(0.5)), -Math.sin(0.5));
    near(grad((v) => linearize((y) => sin(y), [f64(0.5)]).pushforward(v))(f64(3)), Math.cos(0.5));
  });

  test("gives zero for what does not depend, and refuses other tangents", () => {
    const { pushforward } = linearize((x: Tensor) => ({ x, constant: f64([1, 2]) }), [f64(3)]);
    near(pushforward(f64(1)).constant, [0, 0]);
    expect(() => pushforward(tensor([1, 2]))).toThrow("pushforward: the tangent at [0] must be [] float64");
  });

  test("notices a write after the recording", () => {
    const w = f64([1, 2]);
    const { pushforward } = linearize((x) => mul(x, w), [f64([1, 1])]);
    w.set(0, 5);
    expect(() => pushforward(f64([1, 1]))).toThrow("linearize: input 1 of mul was written to");
  });
});

describe("visitTaskGradients", () => {
  test("hands out what jacobianOfTasks gives, the last layer first, each parameter once", () => {
    const shared = { unused: f64([1]), first: f64([0.5, -1]), second: [f64(2)] };
    const losses = ({ first, second }: typeof shared) => {
      const hidden = tanh(mul(first, 3));
      return { a: sum(mul(hidden, second[0]!)), b: mean(mul(hidden, hidden)), c: f64(7) };
    };
    const { gradients } = jacobianOfTasks(losses)(shared);
    const seen: [string, unknown][] = [];
    const values = visitTaskGradients(losses, (found, path) => {
      seen.push([path, found.map((x) => x.toArray())]);
    })(shared);
    near(values.a, losses(shared).a.toArray());
    const each = (pick: (p: typeof shared) => Tensor) => Object.values(gradients).map((g) => pick(g).toArray());
    expect(seen).toEqual([
      [".second[0]", each((p) => p.second[0]!)],
      [".first", each((p) => p.first)],
      [".unused", each((p) => p.unused)],
    ]);
  });

  test("names the task whose loss is not one number", () => {
    const f = (w: Tensor) => ({ good: sum(w), bad: w });
    expect(() => visitTaskGradients(f, () => {})(f64([1, 2]))).toThrow(/visitTaskGradients.*bad/);
  });
});

describe("jacobianOfTasks", () => {
  const x = f64([
    [1, 2],
    [3, 4],
  ]);
  const losses = ({ w, c }: { w: Tensor; c: Tensor }, rows: Tensor) => {
    const score = matmul(rows, w);
    return { first: mean(mul(score, score)), second: mean(sin(sub(score, c))), unrelated: f64([0]) };
  };
  const shared = { w: f64([0.5, -1]), c: f64(2) };

  test("holds each task's own gradient", () => {
    const { losses: values, gradients } = jacobianOfTasks(losses)(shared, x);
    for (const task of ["first", "second"] as const) {
      const own = grad((p: typeof shared) => losses(p, x)[task])(shared);
      near(values[task], losses(shared, x)[task].toArray());
      near(gradients[task].w, own.w.toArray());
      near(gradients[task].c, own.c.toArray());
    }
    near(gradients.unrelated.w, [0, 0]);
  });

  test("runs the tasks once", () => {
    let runs = 0;
    jacobianOfTasks((w) => {
      runs++;
      return [sum(w), sum(mul(w, w)), sum(exp(w))];
    })(f64([1, 2]));
    expect(runs).toBe(1);
  });

  test("one forward pass tells what a step does to every task", () => {
    const d = { w: f64([1, 2]), c: f64(-1) };
    const { gradients } = jacobianOfTasks(losses)(shared, x);
    const [, change] = jvp((p: typeof shared) => losses(p, x), [shared], [d]);
    for (const task of ["first", "second", "unrelated"] as const) {
      const g = gradients[task];
      expect(change[task].item()).toBeCloseTo(sum(mul(g.w, d.w)).item() + g.c.item() * d.c.item(), 12);
    }
  });

  test("a loss of several numbers is named", () => {
    expect(() => jacobianOfTasks((w) => ({ fine: sum(w), wrong: w }))(f64([1, 2]))).toThrow(
      "jacobianOfTasks: the function must return one number at .wrong, found shape [2]",
    );
  });
});

test("a pullback serves many cotangents", () => {
  const { pullback } = vjp((x) => mul(x, x), [f64([1, 2])]);
  near(pullback(f64([1, 0]))[0], [2, 0]);
  near(pullback(f64([0, 1]))[0], [0, 4]);
  near(pullback(f64([1, 0]))[0], [2, 0]);
});
