import { matmul, mul, softmax, type Tensor, tanh, zeros } from "@kinship/tensor";
import { describe, expect, test } from "vitest";
import { emittable } from "../../packages/tensor/src/compile/emit/instructions.js";
import { fuse } from "../../packages/tensor/src/compile/fuse.js";
import type { KernelProgram, LoopKernel, ProductKernel } from "../../packages/tensor/src/compile/kernel.js";
import { dropStores, plan } from "../../packages/tensor/src/compile/plan.js";
import { type Program, verifyProgram } from "../../packages/tensor/src/compile/program.js";
import { record } from "../../packages/tensor/src/compile/record.js";
import { simplify } from "../../packages/tensor/src/compile/simplify.js";
import { verifyKernels, verifyPlan } from "../../packages/tensor/src/compile/verify.js";

const f = (x: Tensor, y: Tensor): Tensor => matmul(softmax(x), tanh(y));
const program = (): Program => simplify(record(([x, y]) => [f(x, y)], [zeros([4, 5]), zeros([5, 3])]));
const kernels = (): KernelProgram => dropStores(fuse(program(), emittable({})));

const find = <K extends "loops" | "product">(kind: K) => {
  const all = kernels();
  const at = all.kernels.findIndex((kernel) => kernel.kind === kind);
  return { all, kernel: all.kernels[at] as K extends "loops" ? LoopKernel : ProductKernel, at };
};

/** The program with one kernel replaced. */
const withKernel = (all: KernelProgram, at: number, kernel: LoopKernel | ProductKernel): KernelProgram => ({
  ...all,
  kernels: all.kernels.map((old, k) => (k === at ? kernel : old)),
});

test("what the passes make is in order", () => {
  expect(() => verifyProgram(program(), "simplify")).not.toThrow();
  expect(() => verifyKernels(kernels())).not.toThrow();
  expect(() => verifyPlan(kernels(), plan(kernels()))).not.toThrow();
});

describe("the verifier finds", () => {
  test("a value that is used before it is computed", () => {
    const { values, outputs } = record(([x]) => [mul(tanh(x), x)], [zeros([3])]);
    expect(() => verifyProgram({ values: [values[2], values[1], values[0]], outputs }, "test")).toThrow(/before it is/);
  });

  test("a shape that its rule does not give", () => {
    const { values, outputs } = record(([x]) => [tanh(x)], [zeros([3])]);
    expect(() => verifyProgram({ values: [values[0], { ...values[1], shape: [4] }], outputs }, "test")).toThrow(
      /has shape \[4\] float32, its rule says \[3\]/,
    );
  });

  test("an access out of bounds, of a loop and of a product", () => {
    const loop = find("loops");
    const sources = loop.kernel.sources.map((source) =>
      source.kind === "load"
        ? { ...source, access: { ...source.access, layout: { ...source.access.layout, offset: 1000 } } }
        : source,
    );
    expect(() => verifyKernels(withKernel(loop.all, loop.at, { ...loop.kernel, sources }))).toThrow(
      /reaches positions/,
    );
    const product = find("product");
    const wide = { ...product.kernel, n: product.kernel.n + 1 };
    expect(() => verifyKernels(withKernel(product.all, product.at, wide))).toThrow(/reaches positions/);
  });

  test("phases out of order", () => {
    const { all, kernel, at } = find("loops");
    const phases = [...kernel.phases].reverse();
    expect(() => verifyKernels(withKernel(all, at, { ...kernel, phases }))).toThrow(/before (its end|it is written)/);
  });

  test("kernels out of order", () => {
    const all = kernels();
    expect(() => verifyKernels({ ...all, kernels: [...all.kernels].reverse() })).toThrow(/before it is written/);
  });

  test("a write to an argument", () => {
    const { all, kernel, at } = find("product");
    const changed = { ...kernel, c: { ...kernel.c, buffer: 0 } };
    expect(() => verifyKernels(withKernel(all, at, changed))).toThrow(/writes buffer 0, which is argument/);
  });

  test("buffers that share memory while both are needed", () => {
    const all = kernels();
    const planned = plan(all);
    const addresses = planned.addresses.map((start) => Math.min(start, 0));
    expect(() => verifyPlan(all, { ...planned, addresses })).toThrow(/shares memory/);
    expect(() => verifyPlan(all, { ...planned, bytes: 16 })).toThrow(/stands at byte/);
  });
});
