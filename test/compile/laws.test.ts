import { grad } from "@kinship/autodiff";
import { apply, cast, isFloating, mul, type Primitive, type Sample, sum, type Tensor, tensor } from "@kinship/tensor";
import { compile, verifier } from "@kinship/tensor/compile";
import { allPrimitives } from "@kinship/tensor/primitives";
import { describe, expect, test } from "vitest";
import { differentiable } from "../laws/differentiable.js";
import { exampleOf, named } from "../laws/samples.js";

/** The largest distance between two results, relative where numbers are large. NaN must meet NaN. */
function distance(a: Tensor, b: Tensor): number {
  expect(b.shape).toEqual(a.shape);
  expect(b.dtype).toBe(a.dtype);
  const [p, q] = [a.toTypedArray(), b.toTypedArray()];
  let worst = 0;
  p.forEach((x, k) => {
    if (Object.is(x, q[k]) || (Number.isNaN(x) && Number.isNaN(q[k])) || x === q[k]) return;
    worst = Math.max(worst, Math.abs(x - q[k]) / (1 + Math.abs(x)) || Number.POSITIVE_INFINITY);
  });
  return worst;
}

const narrow = (x: Tensor): Tensor => (x.dtype === "float64" ? cast(x, "float32") : x);

/** The same values, stored transposed and backwards: a view with negative strides. */
function reversed(x: Tensor): Tensor {
  const stride = x.shape.map((_, axis) => -x.shape.slice(0, axis).reduce((a, b) => a * b, 1));
  const offset = x.shape.reduce((at, size, axis) => at - stride[axis] * (size - 1), 0);
  const data = x.data.slice(0, 0).constructor as new (n: number) => typeof x.data;
  const view = tensor({ data: new data(Math.max(x.size, 1)), shape: x.shape, stride, offset });
  const flat = x.toTypedArray();
  const index = x.shape.map(() => 0);
  for (let n = 0; n < x.size; n++) {
    view.data[view.index(...index)] = flat[n];
    for (let axis = x.shape.length - 1; axis >= 0 && ++index[axis] === x.shape[axis]; axis--) index[axis] = 0;
  }
  return view;
}

function check(primitive: Primitive, sample: Sample<unknown>, change: (x: Tensor) => Tensor, tolerance: number): void {
  const inputs = exampleOf(sample, 5).map(change);
  const f = (...xs: Tensor[]) => apply(primitive, xs, sample.params);
  expect(distance(f(...inputs), compile(f, { verify: verifier })(...inputs))).toBeLessThanOrEqual(tolerance);
}

describe("a compiled primitive is the evaluated one", () => {
  for (const primitive of allPrimitives())
    for (const [k, sample] of primitive.samples.entries()) {
      test(`${named(primitive, k)}: float64`, () => check(primitive, sample, (x) => x, 1e-14));
      test(`${named(primitive, k)}: float32`, () => check(primitive, sample, narrow, 1e-5));
      test(`${named(primitive, k)}: views`, () => check(primitive, sample, reversed, 1e-14));
      test(`${named(primitive, k)}: its gradient`, () => {
        const inputs = exampleOf(sample, 11);
        const { f, at } = differentiable(primitive, sample, inputs);
        if (at.length === 0 || !isFloating(f(...at).dtype)) return;
        const loss = (xs: Tensor[]): Tensor => {
          const y = f(...xs);
          return sum(mul(y, y));
        };
        const compiled = compile(grad(loss), { verify: verifier })(at);
        grad(loss)(at).forEach((g, n) => {
          expect(distance(g, compiled[n])).toBeLessThanOrEqual(1e-12);
        });
      });
    }
});
