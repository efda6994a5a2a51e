import { checkDerivatives } from "@kinship/autodiff/testing";
import { broadcastablePairs, seeds, tensors } from "@kinship/autodiff/testing/arbitraries";
import {
  add,
  cos,
  div,
  exp,
  logSumExp,
  mean,
  mul,
  sigmoid,
  sin,
  softplus,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  tanh,
} from "@kinship/tensor";
import fc, { type Arbitrary } from "fast-check";
import { test } from "vitest";

type Node = (x: Tensor, y: Tensor) => Tensor;

const unary: readonly ((x: Tensor) => Tensor)[] = [
  sin,
  cos,
  tanh,
  sigmoid,
  softplus,
  square,
  (x) => exp(mul(0.25, x)),
  (x) => sqrt(add(1, square(x))),
  (x) => sum(x, { axis: -1, keepDimensions: true }),
  (x) => mean(x, { axis: 0, keepDimensions: true }),
  (x) => logSumExp(x, { axis: -1, keepDimensions: true }),
];
const binary: readonly ((x: Tensor, y: Tensor) => Tensor)[] = [add, sub, mul, (x, y) => div(x, add(2, square(y)))];

/** Smooth functions of two tensors, composed at random. */
const functions: Arbitrary<Node> = fc.letrec<{ node: Node }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom<Node>(
      (x) => x,
      (_, y) => y,
    ),
    fc.tuple(fc.constantFrom(...unary), tie("node")).map(
      ([f, a]): Node =>
        (x, y) =>
          f(a(x, y)),
    ),
    fc.tuple(fc.constantFrom(...binary), tie("node"), tie("node")).map(
      ([f, a, b]): Node =>
        (x, y) =>
          f(a(x, y), b(x, y)),
    ),
  ),
})).node;

const operands = broadcastablePairs({ minimumRank: 2, maximumRank: 2, maximumSize: 3 }).chain(([left, right]) =>
  fc.tuple(
    tensors(left.length === 2 ? left : [1, ...left, 1].slice(0, 2), { from: -2, to: 2 }),
    tensors(right.length === 2 ? right : [1, ...right, 1].slice(0, 2), { from: -2, to: 2 }),
  ),
);

test("right derivatives raise no alarm", () => {
  const cases = fc.tuple(functions, operands, seeds());
  fc.assert(
    fc.property(cases, ([f, [x, y], seed]) => {
      checkDerivatives((a: Tensor, b: Tensor) => f(a, b), [x, y], { seed });
    }),
  );
});
