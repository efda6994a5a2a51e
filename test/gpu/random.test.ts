import type { DType, Tensor } from "@kinship/tensor";
import { openGpu, UnsupportedOnGpu } from "@kinship/tensor/gpu";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { interpret, randomProgram } from "../compile/programs.js";

const device = await openGpu({ backend: "webassembly" });
afterAll(() => device.close());

/** The types that a device has: whole numbers are small. */
const narrower: Readonly<Partial<Record<DType, DType>>> = { float64: "float32", int32: "uint8" };

function firstDifference(a: Tensor, b: Tensor, tolerance: number): number {
  expect([b.dtype, b.shape]).toEqual([a.dtype, a.shape]);
  const [p, q] = [a.toTypedArray(), b.toTypedArray()];
  return p.findIndex((x, k) => !(Object.is(x, q[k]) || x === q[k] || Math.abs(x - q[k]) <= tolerance));
}

test("random programs on a device are the evaluated ones, up to rounding, or refused", async () => {
  let [ran, refused] = [0, 0];
  await fc.assert(
    fc.asyncProperty(randomProgram, async (random) => {
      const inputs = random.inputs.map((one) => ({ ...one, dtype: narrower[one.dtype] ?? one.dtype }));
      const program = interpret({ ...random, inputs });
      const evaluated = program.f(...program.inputs);
      const tolerances = program.tolerances();
      const compiled = device.compile(program.f);
      try {
        const found = await compiled(...program.inputs);
        ran++;
        evaluated.forEach((x, k) => {
          const at = firstDifference(x, found[k], tolerances[k]);
          if (at >= 0) throw new Error(`result ${k} differs in element ${at}\n${compiled.explain(...program.inputs)}`);
        });
      } catch (reason) {
        if (!(reason instanceof UnsupportedOnGpu)) throw reason;
        refused++;
      } finally {
        await compiled.close();
      }
    }),
  );
  expect(ran).toBeGreaterThan((ran + refused) / 5);
});
