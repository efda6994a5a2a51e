import { matmul, ones, sort, type Tensor, tanh } from "@kinship/tensor";
import { compile, verifier } from "@kinship/tensor/compile";
import { describe, expect, test } from "vitest";

describe("profile", () => {
  const f = (x: Tensor): Tensor => sort(tanh(matmul(x, x)));
  const x = ones([64, 64]);

  test("gives the same results, and each kernel's time against the machine's limits", () => {
    const compiled = compile(f, { profile: true, verify: verifier });
    expect(compiled.explain(x).limits).toBeUndefined();
    expect(compiled.explain(x).kernels[0].measured).toBeUndefined();
    const calls = 20;
    for (let k = 0; k < calls; k++) expect(compiled(x).toTypedArray()).toEqual(compile(f)(x).toTypedArray());
    const { kernels, limits } = compiled.explain(x);
    expect(limits!.gigaflops).toBeGreaterThan(0);
    expect(limits!.gigabytes).toBeGreaterThan(0);
    expect(kernels.map(({ kind }) => kind)).toContain("host");
    for (const { operations, bytes, measured } of kernels) {
      const { milliseconds, gigaflops, gigabytes, ofLimit } = measured!;
      expect(milliseconds).toBeGreaterThan(0);
      // Each is what the other numbers say it is.
      expect(gigaflops * milliseconds * 1e6).toBeCloseTo(operations, 3);
      expect(gigabytes * milliseconds * 1e6).toBeCloseTo(bytes, 3);
      expect(ofLimit).toBeCloseTo(Math.max(gigaflops / limits!.gigaflops, gigabytes / limits!.gigabytes), 9);
    }
  });

  test("prints a line a kernel", () => {
    const compiled = compile((y: Tensor) => tanh(y), { profile: true });
    compiled(x);
    const [head, limits, ...rows] = String(compiled.explain(x)).split("\n");
    expect(head).toMatch(/^webassembly: 1 kernels, \d+ instructions/);
    expect(limits).toMatch(/^limits: [\d.]+ GFLOP\/s, [\d.]+ GB\/s/);
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatch(/^ {2}loops: %1 tanh: 4096 operations, 32768 bytes, [\d.]+ µs: .* % of the limit$/);
  });
});
