import { leaves, matmul, type Tensor, tanh, tensor } from "@kinship/tensor";
import { compile } from "@kinship/tensor/compile";
import { afterEach, describe, expect, test, vi } from "vitest";
import { rounded, steps } from "./bits.js";

let relaxed: boolean | undefined;
vi.mock(import("../../packages/tensor/src/wasm/features.js"), async (original) => {
  const { hasFeature } = await original();
  return {
    hasFeature: (feature) => (feature === "relaxedSimd" && relaxed !== undefined ? relaxed : hasFeature(feature)),
  };
});
afterEach(() => {
  relaxed = undefined;
});

const wave = (shape: readonly number[], shift: number, dtype: "float32" | "float64" = "float32"): Tensor => {
  const size = shape.reduce((a, b) => a * b, 1);
  const values = Array.from({ length: size }, (_, k) => Math.sin(1.7 * k + shift));
  return tensor(values, { shape, dtype });
};

/** The bits of all tensors of a result, as text. */
const bits = (value: unknown): string =>
  leaves("bits", value)
    .map((x) => Buffer.from(x.toTypedArray().buffer).toString("base64"))
    .join(" ");

const f = (a: Tensor, b: Tensor): Tensor => tanh(matmul(a, b));

describe("deterministic", () => {
  for (const dtype of ["float32", "float64"] as const)
    test(`products of ${dtype} are the same bits, relaxed instructions or not, run after run`, () => {
      const args = [wave([37, 53], 1, dtype), wave([53, 41], 2, dtype)] as const;
      relaxed = true;
      const expected = bits(compile(f, { deterministic: true })(...args));
      expect(bits(compile(f, { deterministic: true })(...args))).toEqual(expected);
      relaxed = false;
      expect(bits(compile(f, { deterministic: true })(...args))).toEqual(expected);
      // An engine without relaxed instructions computes so anyway.
      expect(bits(compile(f)(...args))).toEqual(expected);
    });

  for (const [name, make] of Object.entries(steps))
    test(`${name} is the same bits, compiled twice and called twice`, { timeout: 60_000 }, () => {
      const { step, args } = rounded(make);
      const once = compile(step, { deterministic: true });
      const again = compile(step, { deterministic: true });
      const expected = bits(once(...args));
      expect(bits(once(...args)) === expected).toBe(true);
      relaxed = false;
      expect(bits(again(...args)) === expected).toBe(true);
    });
});
