import {
  add,
  greater,
  max,
  mean,
  mul,
  slice,
  softmax,
  sub,
  sum,
  type Tensor,
  tanh,
  tensor,
  transpose,
  where,
  zeros,
} from "@kinship/tensor";
import { compile, verifier } from "@kinship/tensor/compile";
import { expect, test } from "vitest";

const elements = 4 * 16384 + 37;
const wave = (shift: number, size = elements): Tensor =>
  tensor(Float32Array.from({ length: size }, (_, k) => Math.sin(k * 0.37 + shift)));

const expectSame = (found: Tensor, expected: Tensor): void => {
  expect(found.shape).toEqual(expected.shape);
  const [p, q] = [found.toTypedArray(), expected.toTypedArray()];
  let worst = 0;
  for (let k = 0; k < p.length; k++) worst = Math.max(worst, Math.abs(p[k] - q[k]));
  expect(worst).toBeLessThan(1e-6);
};

test("large elementwise programs run in little memory, and compute the same", () => {
  const f = (a: Tensor, b: Tensor, c: Tensor) => ({
    chain: mul(tanh(add(mul(a, b), 0.5)), c),
    mask: where(greater(a, b), a, b),
  });
  const inputs = [wave(0), wave(1), tensor(2)] as const;
  const compiled = compile(f, { verify: verifier });
  const [found, expected] = [compiled(...inputs), f(...inputs)];
  expectSame(found.chain, expected.chain);
  expectSame(found.mask, expected.mask);
  expect(compiled.explain(...inputs).memoryBytes).toBeLessThan(5 * 4 * elements);
});

test("views of inputs, and inputs that are not changed", () => {
  const x = tensor(wave(2, 2 * elements).toTypedArray(), { shape: [elements, 2] });
  const before = x.toTypedArray();
  const column = slice(x, [null, 1]);
  expectSame(compile((a: Tensor) => sub(a, 1))(column), sub(column, 1));
  expectSame(compile((a: Tensor) => sub(a, 1))(transpose(x)), sub(transpose(x), 1));
  expect(x.toTypedArray()).toEqual(before);
});

test("what looks beyond its own element is not cut into parts", () => {
  const x = wave(3);
  const compiled = compile((a: Tensor) => sum(mul(a, a)));
  expect(compiled(x).item()).toBeCloseTo(sum(mul(x, x)).item(), 1);
  expectSame(compile((a: Tensor) => slice(a, [[null, null, -1]]))(x), slice(x, [[null, null, -1]]));
});

test("rows that are folded by themselves, with what all rows share", () => {
  const x = tensor(wave(5, 333 * 401).toTypedArray(), { shape: [333, 401] });
  const bias = wave(6, 401);
  const f = (a: Tensor, b: Tensor) => ({ p: softmax(add(a, b)), top: max(a, { axis: 1 }) });
  const compiled = compile(f, { verify: verifier });
  const [found, expected] = [compiled(x, bias), f(x, bias)];
  expectSame(found.p, expected.p);
  expectSame(found.top, expected.top);
  expect(compiled.explain(x, bias).memoryBytes).toBeLessThan(4 * x.size);
  const across = (a: Tensor) => sub(a, mean(a, { axis: 0 }));
  expectSame(compile(across)(x), across(x));
});

test("donated memory is written, to the last element", () => {
  const x = wave(4);
  const expected = add(x, 1);
  const memory = x.data;
  const found = compile((a: Tensor) => add(a, 1), { donate: [0] })(x);
  expect(found.data).toBe(memory);
  expectSame(found, expected);
  expectSame(compile((a: Tensor) => add(a, 1))(zeros([elements])), add(zeros([elements]), 1));
});
