import { checkDerivatives } from "@kinship/autodiff/testing";
import { distinct, positiveDefinite, seeds, tensors, wellConditioned } from "@kinship/autodiff/testing/arbitraries";
import * as k from "@kinship/tensor";
import fc, { type Arbitrary } from "fast-check";
import { describe, test } from "vitest";
import { rounds } from "./rounds.js";

type Tensor = k.Tensor;

// Functions whose second derivatives other libraries fail at, as they are called: through their public names.
const cases: Record<string, [f: (...xs: Tensor[]) => unknown, ...at: Arbitrary<Tensor>[]]> = {
  tanh: [(x) => k.tanh(x), tensors([2, 3])],
  "max along an axis": [(x) => k.max(x, { axis: 1 }), distinct([2, 3])],
  logSumExp: [(x) => k.logSumExp(x, { axis: 0 }), tensors([3, 2])],
  softmax: [(x) => k.softmax(x), tensors([2, 3])],
  "prod, also over zeros": [(x) => k.prod(x, { axis: 0 }), tensors([3, 2], { from: -1, to: 1 })],
  "prod with zeros in it": [(x) => k.prod(k.mul(x, k.tensor([0, 1, 0], { dtype: "float64" }))), tensors([3])],
  "pow at exponent 0, where ∂²/∂x∂y is 1/x": [
    (x, y) => k.pow(x, y),
    tensors([3], { from: 0.5, to: 2 }),
    tensors([3], { from: 0, to: 0 }),
  ],
  cumsum: [(x) => k.cumsum(x, { axis: 1 }), tensors([2, 3])],
  "einsum of three": [
    (a, b, c) => k.einsum("ij,jk,kl->il", a, b, c),
    tensors([2, 3]),
    tensors([3, 2]),
    tensors([2, 2]),
  ],
  "einsum with a diagonal": [(a, b) => k.einsum("ii,i->i", a, b), tensors([3, 3]), tensors([3])],
  convolution: [
    (x, w) => k.conv2d(x, w, { stride: 2, padding: 1 }),
    tensors([1, 2, 5, 5], { from: -1, to: 1 }),
    tensors([2, 2, 3, 3], { from: -1, to: 1 }),
  ],
  cholesky: [(a) => k.cholesky(a), positiveDefinite([3, 3])],
  "eigh: values and vectors": [(a) => k.eigh(a), positiveDefinite([3, 3])],
  "svd: all three": [(a) => k.svd(a), wellConditioned([3, 2])],
  solve: [(a, b) => k.solve(a, b), wellConditioned([3, 3]), tensors([3, 2])],
  norm: [(x) => k.norm(x, { axis: 0 }), wellConditioned([2, 2])],
  variance: [(x) => k.variance(x, { axis: 0 }), tensors([3, 2])],
};

describe("second derivatives, in every mode, of what is composed of primitives", () => {
  test.each(Object.entries(cases))("%s", (_, [f, ...at]) => {
    fc.assert(
      fc.property(fc.tuple(...at), seeds(), (xs, seed) =>
        checkDerivatives(f as (...x: Tensor[]) => Tensor, xs, { seed }),
      ),
      { numRuns: rounds },
    );
  });
});
