import { readFileSync, writeFileSync } from "node:fs";
import { mul, type Tensor, zeros } from "@kinship/tensor";
import { compile, verifier } from "@kinship/tensor/compile";
import { describe, expect, test } from "vitest";
import { emittable } from "../../packages/tensor/src/compile/emit/instructions.js";
import { explain } from "../../packages/tensor/src/compile/explain.js";
import { fuse } from "../../packages/tensor/src/compile/fuse.js";
import { dropStores, plan } from "../../packages/tensor/src/compile/plan.js";
import type { Program } from "../../packages/tensor/src/compile/program.js";
import { record } from "../../packages/tensor/src/compile/record.js";
import { simplify } from "../../packages/tensor/src/compile/simplify.js";
import { dissect, fill } from "../../packages/tensor/src/compile/skeleton.js";
import { webAssemblyExecutable } from "../../packages/tensor/src/compile/webassembly.js";
import { mathRoutines } from "../../packages/tensor/src/wasm/math/index.js";
import { cnnStep, kinshipStep, mlpStep, type TrainingStep } from "./steps.js";

// What a compiled step costs, counted instead of timed: a change that costs something is seen on every machine.
// `npm run guard:update` writes the counts anew; look at the difference before committing it.

interface Counts {
  readonly kernels: number;
  readonly bytesMoved: number;
  readonly operations: number;
  readonly arenaBytes: number;
  readonly largestLiveBytes: number;
  readonly instructions: number;
  readonly modules: number;
}

const file = new URL("guards.json", import.meta.url);
const recorded = () => JSON.parse(readFileSync(file, "utf8")) as Record<string, Counts>;
const updates = process.env.KINSHIP_GUARD === "update";

/** Runs `body` and counts the modules that it compiles; that of eight bytes only asks for permission. */
function countingModules<T>(body: () => T): { readonly result: T; readonly modules: number } {
  const { Module } = WebAssembly;
  let modules = 0;
  class Counted extends Module {
    constructor(bytes: BufferSource) {
      super(bytes);
      if (bytes.byteLength > 8) modules++;
    }
  }
  WebAssembly.Module = Counted;
  try {
    return { result: body(), modules };
  } finally {
    WebAssembly.Module = Module;
  }
}

const total = (numbers: readonly number[]): number => numbers.reduce((x, y) => x + y, 0);

type Explained = Pick<ReturnType<typeof explain>, "kernels" | "arenaBytes" | "largestLiveBytes" | "instructions">;

const counts = ({ kernels, arenaBytes, largestLiveBytes, instructions }: Explained, modules: number): Counts => ({
  kernels: kernels.length,
  bytesMoved: total(kernels.map(({ bytes }) => bytes)),
  operations: total(kernels.map(({ operations }) => operations)),
  arenaBytes,
  largestLiveBytes,
  instructions,
  modules,
});

// Without relaxed instructions, which engines have or not.
const options = { deterministic: true, verify: verifier };

const steps: Record<string, () => TrainingStep> = {
  "multilayer perceptron": mlpStep,
  "convolutional network": cnnStep,
  "K-norm": kinshipStep,
};

describe("a compiled training step", () => {
  const found: Record<string, Counts> = {};
  for (const [name, make] of Object.entries(steps))
    test(`${name}: costs what is recorded, in one module and little more memory than is needed at once`, () => {
      const { step, args } = make();
      const compiled = compile(step as (...x: unknown[]) => unknown, options);
      const { result, modules } = countingModules(() => {
        compiled(...args);
        return compiled.explain(...args);
      });
      found[name] = counts(result, modules);
      expect(result.backend).toBe("webassembly");
      expect(modules).toBe(1);
      expect(result.arenaBytes).toBeLessThanOrEqual(1.25 * result.largestLiveBytes);
      if (updates) writeFileSync(file, `${JSON.stringify({ ...recorded(), ...found }, null, 2)}\n`);
      else expect(found[name], "run `npm run guard:update` if this is on purpose").toEqual(recorded()[name]);
    });
});

test("a step without fusion is caught: more bytes, more kernels, a larger arena", () => {
  const { step, args } = mlpStep();
  const tensors: Tensor[] = [];
  const skeleton = dissect(args, tensors, "arguments");
  const simplified = simplify(
    record((placeholders) => {
      const results: Tensor[] = [];
      dissect(step(...(fill(skeleton, placeholders) as never[])), results, "the result");
      return results;
    }, tensors),
  );
  // Every value is wanted, so that none stays within a loop.
  const all: Program = { ...simplified, outputs: simplified.values.map((_, k) => k) };
  const kernels = dropStores(fuse(all, emittable(mathRoutines)));
  const planned = plan(kernels);
  const executable = webAssemblyExecutable(kernels, planned, { routines: mathRoutines, fused: false });
  const slow = counts(explain(executable, { recorded: all, simplified: all, kernels, plan: planned }), 1);
  const own = recorded()["multilayer perceptron"];
  expect(slow).not.toEqual(own);
  expect(slow.bytesMoved).toBeGreaterThan(1.5 * own.bytesMoved);
  expect(slow.arenaBytes).toBeGreaterThan(1.5 * own.arenaBytes);
});

test("a call compiles nothing that an earlier one compiled", () => {
  const f = compile((x: Tensor) => mul(x, x));
  expect(countingModules(() => f(zeros([3]))).modules).toBe(1);
  expect(countingModules(() => f(zeros([3]))).modules).toBe(0);
  expect(countingModules(() => f(zeros([4]))).modules).toBe(1);
});
