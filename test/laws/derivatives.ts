import { grad, jvp, vjp } from "@kinship/autodiff";
import { add, apply, isFloating, mul, type Primitive, type Sample, sum, type Tensor } from "@kinship/tensor";
import { expect } from "vitest";
import { domainOf, like } from "./samples.js";

type Function = (...x: Tensor[]) => Tensor;

/** The primitive as a function of those inputs that have derivatives: none where its result is whole numbers. */
export function differentiable(primitive: Primitive, sample: Sample<unknown>, inputs: readonly Tensor[]) {
  const free = inputs.map((_, k) => k).filter((k) => isFloating(domainOf(sample, k).dtype ?? "float64"));
  const f: Function = (...x) =>
    apply(
      primitive,
      inputs.map((constant, k) => (free.includes(k) ? x[free.indexOf(k)] : constant)),
      sample.params,
    );
  const real = isFloating(apply(primitive, inputs, sample.params).dtype);
  return { f, at: real ? free.map((k) => inputs[k]) : [] };
}

export const inner = (a: Tensor, b: Tensor): number => sum(mul(a, b)).item();

const moved = (xs: readonly Tensor[], step: number, vs: readonly Tensor[]): Tensor[] =>
  xs.map((x, k) => add(x, mul(vs[k], step)));

/** The five-point central difference of t ↦ g(x + t v): error of order h⁴. */
function difference(g: (xs: Tensor[]) => number, xs: readonly Tensor[], vs: readonly Tensor[]): number {
  const h = 1e-3;
  const at = (t: number) => g(moved(xs, t, vs));
  return (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
}

function near(found: number, expected: number, tolerance: number, what: string): void {
  const scale = 1 + Math.abs(expected);
  expect(Math.abs(found - expected) / scale, `${what}: ${found} against ${expected}`).toBeLessThanOrEqual(tolerance);
}

/** J·v along random v, seen through random weights, against differences of the values. */
export function forwardMatchesDifferences(f: Function, at: readonly Tensor[], random: () => number): void {
  const vs = at.map((x) => like(x, random));
  const [y, t] = jvp(f, at as Tensor[], vs);
  const w = like(y, random);
  near(
    inner(w, t),
    difference((xs) => inner(w, f(...xs)), at, vs),
    1e-8,
    "jvp against differences",
  );
}

/** ⟨g, J v⟩ = ⟨Jᵀ g, v⟩: exact, whatever the step. */
export function reverseIsTransposeOfForward(f: Function, at: readonly Tensor[], random: () => number): void {
  const vs = at.map((x) => like(x, random));
  const [y, t] = jvp(f, at as Tensor[], vs);
  const g = like(y, random);
  const back = vjp(f, at as Tensor[]).pullback(g);
  back.forEach((c, k) => {
    expect(c.shape).toEqual(at[k].shape);
    expect(c.dtype).toBe(at[k].dtype);
  });
  near(
    back.reduce((total, c, k) => total + inner(c, vs[k]), 0),
    inner(g, t),
    1e-12,
    "adjoint identity",
  );
}

/** The derivative of the gradient, in three ways and by differences. */
export function secondOrderAgrees(f: Function, at: readonly Tensor[], random: () => number): void {
  const vs = at.map((x) => like(x, random));
  const us = at.map((x) => like(x, random));
  const w = like(f(...at), random);
  // Squared, so that linear functions have a second derivative too.
  const loss = (xs: Tensor[]): Tensor => {
    const y = f(...xs);
    return sum(mul(w, mul(y, y)));
  };
  const along = (xs: Tensor[], d: readonly Tensor[]): Tensor => {
    const g = grad(loss)(xs);
    return g.map((c, k) => sum(mul(c, d[k]))).reduce((a, b) => add(a, b));
  };
  const forwardOverReverse = jvp((...xs: Tensor[]) => along(xs, us), at as Tensor[], vs)[1].item();
  const reverseOverReverse = grad((xs: Tensor[]) => along(xs, us))(at as Tensor[]).reduce(
    (n, c, k) => n + inner(c, vs[k]),
    0,
  );
  const forwardOverForward = jvp(
    (...xs: Tensor[]) => jvp((...ys: Tensor[]) => loss(ys), xs, us as Tensor[])[1],
    at as Tensor[],
    vs,
  )[1].item();
  near(reverseOverReverse, forwardOverReverse, 1e-9, "reverse over reverse against forward over reverse");
  near(forwardOverForward, forwardOverReverse, 1e-9, "forward over forward against forward over reverse");
  near(
    forwardOverReverse,
    difference((xs) => along(xs, us).item(), at, vs),
    1e-6,
    "second order against differences",
  );
}
