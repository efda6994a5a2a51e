import { checkpoint, directionalDerivative, grad, hessian, hvp, jvp, linearize, vjp } from "@kinship/autodiff";
import { add, exp, matmul, mul, sin, sum, type Tensor, tanh, tensor } from "@kinship/tensor";
import { describe, expect, test } from "vitest";
import { f64, near } from "./support.js";

const body = (x: Tensor): Tensor => sum(exp(sin(mul(x, x))));
const at = f64([0.5, -0.7]);

describe("changes memory and nothing else", () => {
  const saved = checkpoint(body);

  test("gradients, tangents and linear maps", () => {
    near(grad(saved)(at), grad(body)(at).toArray());
    near(jvp(saved, [at], [f64([1, 2])])[1], jvp(body, [at], [f64([1, 2])])[1].toArray());
    near(linearize(saved, [at]).pushforward(f64([1, 2])), jvp(body, [at], [f64([1, 2])])[1].toArray());
  });

  test("second order in every mode", () => {
    const v = f64([1, -2]);
    const expected = hvp(body)(at, v).toArray();
    near(hvp(saved)(at, v), expected);
    near(grad((x) => sum(mul(grad(saved)(x), v)))(at), expected);
    near(grad((x) => directionalDerivative(saved)(x, v))(at), expected);
    near(hessian(saved)(at), hessian(body)(at).toArray());
  });

  test("inside one another", () => {
    const nested = checkpoint((x: Tensor) => sum(checkpoint((y: Tensor) => exp(sin(y)))(mul(x, x))));
    near(grad(nested)(at), grad(body)(at).toArray());
  });

  test("structures, constants among the arguments, results that are arguments", () => {
    const f = checkpoint((x: { a: Tensor }, ids: Tensor) => ({ same: x.a, product: mul(x.a, ids) }));
    const gradient = grad((a) => {
      const { same, product } = f({ a }, tensor([2, 3], { dtype: "int32" }));
      return add(sum(same), sum(product));
    })(f64([1, 1]));
    near(gradient, [3, 4]);
  });
});

test("parameters that the body captured have their derivatives, at every depth", () => {
  const f = (w: Tensor, x: Tensor) => checkpoint((y: Tensor) => sum(sin(mul(y, w))))(x);
  const plain = (w: Tensor, x: Tensor) => sum(sin(mul(x, w)));
  const w = f64([0.3, 2]);
  near(grad(f)(w, at), grad(plain)(w, at).toArray());
  near(grad((x: Tensor) => f(x, x))(at), grad((x: Tensor) => plain(x, x))(at).toArray());
  const twice = (g: typeof f) => grad((v: Tensor) => sum(grad(g)(v, v)))(w);
  near(twice(f), twice(plain).toArray());
  const mixed = (g: typeof f) => grad((v: Tensor) => sum(grad((x: Tensor) => g(v, x))(at)))(w);
  near(mixed(f), mixed(plain).toArray());
});

test("the body runs once forward, and once more for each pullback", () => {
  let runs = 0;
  const f = checkpoint((x: Tensor) => {
    runs++;
    return sin(x);
  });
  const { pullback } = vjp(f, [f64(1)]);
  expect(runs).toBe(1);
  pullback(f64(1));
  pullback(f64(1));
  expect(runs).toBe(3);
});

test("a chain of 64 layers in 8 segments keeps at most a quarter of the memory", () => {
  const width = 32;
  const weights = Array.from({ length: 64 }, (_, k) =>
    tensor(
      Float64Array.from({ length: width * width }, (_, i) => Math.sin(i * 7 + k)),
      { shape: [width, width] },
    ),
  );
  const layer = (h: Tensor, w: Tensor): Tensor => tanh(matmul(h, w));
  const chain = (h: Tensor, ws: readonly Tensor[]): Tensor => ws.reduce(layer, h);
  const segments = Array.from({ length: 8 }, (_, k) => weights.slice(8 * k, 8 * k + 8));
  const x = tensor(
    Float64Array.from({ length: 16 * width }, (_, i) => Math.cos(i)),
    { shape: [16, width] },
  );
  const everything = vjp((h, ws) => chain(h, ws.flat()), [x, segments]);
  const segmented = vjp((h, ws) => ws.reduce((g, segment) => checkpoint(chain)(g, segment), h), [x, segments]);
  // The backward pass rebuilds one segment at a time: its memory comes on top.
  const rebuilt = vjp(chain, [x, segments[0]]);
  expect(everything.heldBytes).toBeGreaterThanOrEqual(64 * 2 * 16 * width * 8);
  expect(segmented.heldBytes + rebuilt.heldBytes).toBeLessThanOrEqual(everything.heldBytes / 4);
  const g = tensor(new Float64Array(16 * width).fill(1), { shape: [16, width] });
  near(segmented.pullback(g)[0], everything.pullback(g)[0].toArray());
});
