import { add, sum, type Tensor, tensor } from "@kinship/tensor";
import { compile, verifier } from "@kinship/tensor/compile";
import { expect, test } from "vitest";

test.each([19, 20, 21, 200])("a sum of %s tensors compiles, though a loop is kept to fewer arrays", (count) => {
  const total = (xs: readonly Tensor[]) => xs.reduce((a, b) => add(a, b));
  const xs = Array.from({ length: count }, (_, k) => tensor([k, 1, 2 * k]));
  expect(compile(total, { verify: verifier })(xs).toArray()).toEqual(total(xs).toArray());
  const folded = (xs: readonly Tensor[]) => sum(total(xs));
  expect(compile(folded, { verify: verifier })(xs).item()).toBe(folded(xs).item());
});
