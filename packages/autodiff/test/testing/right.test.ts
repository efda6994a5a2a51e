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

interface Expression {
  readonly text: string;
  readonly of: (x: Tensor, y: Tensor) => Tensor;
}

const unary: Record<string, (x: Tensor) => Tensor> = {
  sin,
  cos,
  tanh,
  sigmoid,
  softplus,
  square,
  "exp ¼": (x) => exp(mul(0.25, x)),
  "√1+²": (x) => sqrt(add(1, square(x))),
  sum: (x) => sum(x, { axis: -1, keepDimensions: true }),
  mean: (x) => mean(x, { axis: 0, keepDimensions: true }),
  logSumExp: (x) => logSumExp(x, { axis: -1, keepDimensions: true }),
};
const binary: Record<string, (x: Tensor, y: Tensor) => Tensor> = {
  add,
  sub,
  mul,
  "div 2+²": (x, y) => div(x, add(2, square(y))),
};

const leaves: readonly Expression[] = [
  { text: "x", of: (x) => x },
  { text: "y", of: (_, y) => y },
];

/** Smooth functions of two tensors, composed at random. */
const functions: Arbitrary<Expression> = fc.letrec<{ node: Expression }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom(...leaves),
    fc
      .tuple(fc.constantFrom(...Object.keys(unary)), tie("node"))
      .map(([f, a]): Expression => ({ text: `${f}(${a.text})`, of: (x, y) => unary[f](a.of(x, y)) })),
    fc.tuple(fc.constantFrom(...Object.keys(binary)), tie("node"), tie("node")).map(
      ([f, a, b]): Expression => ({
        text: `${f}(${a.text}, ${b.text})`,
        of: (x, y) => binary[f](a.of(x, y), b.of(x, y)),
      }),
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
      checkDerivatives((a: Tensor, b: Tensor) => f.of(a, b), [x, y], { seed });
    }),
  );
});
