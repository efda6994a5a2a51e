import { grad } from "@kinship/autodiff";
import { matmul, mean, mul, randomKey, softmax, splitKey, square, sub, type Tensor, zeros } from "@kinship/tensor";
import { compile, verifier } from "@kinship/tensor/compile";
import { describe, expect, test } from "vitest";

/** The lines of a text without what indents all of them. */
const lines = (text: string): string =>
  text
    .split("\n")
    .slice(1, -1)
    .map((line) => line.slice(4))
    .join("\n");

describe("the gradient of a mean squared error, 2/4 xᵀ(xw − y), after every pass", () => {
  const loss = (w: Tensor, x: Tensor, y: Tensor) => mean(square(sub(matmul(x, w), y)));
  const { passes } = compile(grad(loss), { verify: verifier }).explain(zeros([3]), zeros([4, 3]), zeros([4]));

  // Forward: %4 = xw, %9 the mean. Backward: from 1 through ·/4 and 2(xw − y) back to w.
  test("record", () =>
    expect(passes.record).toBe(
      lines(`
    %0 = argument 0 float32 [3]
    %1 = argument 1 float32 [4, 3]
    %2 = argument 2 float32 [4]
    %3 = alias(%0) float32 [3]
    %4 = einsum(%1, %3) {labels: [[0,1],[1]], output: [0]} float32 [4]
    %5 = sub(%4, %2) float32 [4]
    %6 = square(%5) float32 [4]
    %7 = sum(%6) {axes: [0]} float32 []
    %8 = constant 4 float32 []
    %9 = div(%7, %8) float32 []
    %10 = constant 1 float32 []
    %11 = div(%10, %8) float32 []
    %12 = constant 1 float32 []
    %13 = mul(%12, %11) float32 []
    %14 = reshape(%13) {shape: [1]} float32 [1]
    %15 = broadcastTo(%14) {shape: [4]} float32 [4]
    %16 = constant 2 float32 []
    %17 = mul(%16, %5) float32 [4]
    %18 = mul(%15, %17) float32 [4]
    %19 = einsum(%18, %1) {labels: [[0],[0,1]], output: [1]} float32 [3]
    return %19
    `),
    ));

  // The value of the loss is not asked for, 1 · 1/4 is known.
  test("simplify", () =>
    expect(passes.simplify).toBe(
      lines(`
    %0 = argument 0 float32 [3]
    %1 = argument 1 float32 [4, 3]
    %2 = argument 2 float32 [4]
    %3 = alias(%0) float32 [3]
    %4 = einsum(%1, %3) {labels: [[0,1],[1]], output: [0]} float32 [4]
    %5 = sub(%4, %2) float32 [4]
    %6 = constant 0.25 float32 [4]
    %7 = constant 2 float32 []
    %8 = mul(%7, %5) float32 [4]
    %9 = mul(%6, %8) float32 [4]
    %10 = einsum(%9, %1) {labels: [[0],[0,1]], output: [1]} float32 [3]
    return %10
    `),
    ));

  // A loop over the rows of x, which sums and computes what is elementwise, and one over its columns (strides 1, 3).
  test("fuse", () =>
    expect(passes.fuse).toBe(
      lines(`
    b0: float32 × 3 argument
    b1: float32 × 12 argument
    b2: float32 × 4 argument
    b3: float32 × 4
    b4: float32 × 4
    b5: float32 × 3
    loops [4, 3] folding [1]: x0 = b1{3,1}, x1 = b0{0,1}, x2 = f0, x3 = b2{1,0}
      0: f0 = fold add mul(x0, x1)
      0: row b4{1,0} = mul(0.25, mul(2, sub(x2, x3)))
    loops [3, 4] folding [1]: x0 = b4{0,1}, x1 = b1{1,3}, x2 = f0
      0: f0 = fold add mul(x0, x1)
      0: row b5{1,0} = x2
    return b5{1} [3]
    `),
    ));

  // b3 stays in registers, b5 takes the place of w, which is not needed any more. Each has 64 bytes to be read beyond its end.
  test("plan", () =>
    expect(passes.plan).toBe(
      lines(`
    b0: from byte 112
    b1: from byte 0
    b2: from byte 192
    b4: from byte 272
    b5: from byte 112
    352 bytes
    `),
    ));
});

test("a softmax is one loop over rows of three phases", () => {
  const { passes } = compile((x: Tensor) => softmax(x), { verify: verifier }).explain(zeros([5, 8]));
  // f0 is the largest of a row, b2 the same or 0 where it is not finite, f1 the sum of powers, b5 its reciprocal. What
  // later phases need is stored, not computed twice.
  expect(passes.fuse).toBe(
    lines(`
    b0: float32 × 40 argument
    b1: float32 × 5
    b2: float32 × 5
    b3: float32 × 40
    b4: float32 × 5
    b5: float32 × 5
    b6: float32 × 40
    loops [5, 8] folding [1]: x0 = b0{8,1}, x1 = f0, x2 = b2{1,0}, x3 = f1, x4 = b3{8,1}, x5 = b5{1,0}
      0: f0 = fold maximum x0
      0: row b2{1,0} = select(equal(sub(x1, x1), 0), x1, 0)
      1: b3{8,1} = exp(sub(x0, x2))
      1: f1 = fold add exp(sub(x0, x2))
      1: row b5{1,0} = div(1, x3)
      2: b6{8,1} = mul(x4, x5)
    return b6{8,1} [5, 8]
    `),
  );
});

test("what a body shares is printed once, with a name", () => {
  const powers = compile((x: Tensor) => {
    const square = mul(x, x);
    return mul(mul(square, square), square);
  }).explain(zeros([3]));
  expect(powers.passes.fuse).toContain("= mul(mul(s0, s0), s0) where s0 = mul(x0, x0)\n");
  const { passes } = compile((key: Tensor) => splitKey(key, 2)).explain(randomKey(1));
  expect(passes.fuse.length).toBeLessThan(20_000);
});
