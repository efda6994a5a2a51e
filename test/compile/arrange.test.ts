import { grad } from "@kinship/autodiff";
import { conv2d, einsum, matmul, max, mul, square, sub, sum, type Tensor, tensor } from "@kinship/tensor";
import { compile, verifier } from "@kinship/tensor/compile";
import { expect, test } from "vitest";

/** Small whole numbers, so that every order of adding gives the same. */
const whole = (shape: readonly number[], seed: number): Tensor => {
  const size = shape.reduce((total, d) => total * d, 1);
  const data = Float32Array.from({ length: size }, (_, k) => ((k * 7919 + seed * 104729) % 11) - 5);
  return tensor(data, { shape });
};

const products = (text: string): string[] => text.split("\n").filter((line) => line.includes("product "));

test("derivatives of a convolution are a product an image, not one a channel", () => {
  const images = whole([4, 8, 10, 10], 1);
  const filters = whole([16, 8, 3, 3], 2);
  const weights = whole([4, 16, 8, 8], 3);
  const loss = (x: Tensor, f: Tensor) => sum(mul(conv2d(x, f), weights));
  const gradients = grad((x: Tensor, f: Tensor) => loss(x, f), { arguments: [0, 1] });
  const compiled = compile(gradients, { verify: verifier });
  const found = compiled(images, filters) as readonly Tensor[];
  const expected = gradients(images, filters) as readonly Tensor[];
  found.forEach((x, k) => {
    expect(x.shape).toEqual(expected[k].shape);
    expect([...x.toTypedArray()]).toEqual([...expected[k].toTypedArray()]);
  });
  const sizes = products(compiled.explain(images, filters).passes.fuse).map((line) => /\d+×\d+×\d+/.exec(line)?.[0]);
  // By images: 8 channels, 16 · 3 · 3 steps, 10 · 10 places. By filters: 16, 4 · 8 · 8 places, 8 · 3 · 3.
  expect(sizes).toEqual(expect.arrayContaining(["8×144×100", "16×256×72"]));
});

test("nothing is permuted or copied where that would cost more than it saves", () => {
  const images = whole([2, 2, 4, 4], 1);
  const filters = whole([3, 2, 3, 3], 2);
  const compiled = compile((x: Tensor, f: Tensor) => grad((g: Tensor) => sum(square(conv2d(x, g))))(f), {
    verify: verifier,
  });
  const { kernels, passes } = compiled.explain(images, filters);
  expect(products(passes.fuse)).toHaveLength(2);
  expect(kernels.filter(({ label }) => label.endsWith("convolution"))).toHaveLength(2);
});

test("the gradient of filters is added up in parts of the images, as many as divide them", () => {
  const filters = whole([8, 4, 3, 3], 2);
  const loops = (images: number): string | undefined => {
    const args = [filters, whole([images, 4, 14, 14], 1), whole([images, 8, 12, 12], 3)] as const;
    const gradient = grad((f: Tensor, x: Tensor, weights: Tensor) => sum(mul(conv2d(x, f), weights)));
    const compiled = compile(gradient, { verify: verifier });
    expect([...compiled(...args).toTypedArray()]).toEqual([...gradient(...args).toTypedArray()]);
    return /^.*(?=product 8×144×36)/m.exec(compiled.explain(...args).passes.fuse)?.[0];
  };
  expect(loops(16)).toBe("for 8 for 1 sum 2 ");
  expect(loops(12)).toBe("for 6 for 1 sum 2 ");
  // No parts are alike.
  expect(loops(13)).toBe("for 1 sum 13 ");
  // To add up parts would cost too much.
  expect(loops(4)).toBe("for 1 sum 4 ");
});

test("what images and their places are folded to is folded image by image first, where places are many", () => {
  const folds = (shape: readonly number[]): readonly string[] => {
    const x = whole(shape, 1);
    const f = (y: Tensor) => [sum(y, { axis: [0, 2, 3] }), max(y, { axis: [0, 2, 3] })];
    const compiled = compile(f, { verify: verifier });
    expect(compiled(x).map((y) => [...y.toTypedArray()])).toEqual(f(x).map((y) => [...y.toTypedArray()]));
    return [...compiled.explain(x).passes.fuse.matchAll(/folding \[.*?\]/g)].map(([text]) => text);
  };
  expect(folds([6, 5, 4, 7])).toEqual(["folding [2, 3]", "folding [0]"]);
  expect(folds([6, 5, 2, 3])).toEqual(["folding [0, 2, 3]"]);
});

test("products with vectors are loops, and share what they read", () => {
  const [x, y] = [whole([33, 12], 1), whole([33], 2)];
  const heads = [whole([12], 3), whole([12], 4), whole([12], 5)];
  const f = (a: Tensor, b: Tensor, ...own: Tensor[]) =>
    own.map((w) => {
      const errors = sub(matmul(a, w), b);
      return [sum(square(errors)), matmul(errors, a), einsum("i,j->ij", errors, w)];
    });
  const compiled = compile(f, { verify: verifier });
  // Adding 0 makes −0, a product of its own, what a sum that begins with 0 gives.
  const values = (found: readonly (readonly Tensor[])[]) =>
    found.flat().map((t) => [...t.toTypedArray()].map((value) => value + 0));
  expect(values(compiled(x, y, ...heads))).toEqual(values(f(x, y, ...heads)));
  const { kernels, passes } = compiled.explain(x, y, ...heads);
  expect(products(passes.fuse)).toEqual([]);
  // All three errors and outer products are one loop.
  const errors = kernels.filter(({ label }) => label.includes("sub"));
  expect(errors).toHaveLength(1);
});
