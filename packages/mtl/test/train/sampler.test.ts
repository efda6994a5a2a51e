import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createSampler } from "../../src/train/sampler.js";

const sampler = (rows: number[], batchSize: number, temperature = 1, seed = 1) =>
  createSampler({ rows, batchSize, temperature, seed });

describe("batches", () => {
  test("every pass over a group reads each of its rows once", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 50 }), fc.nat(), (rows, size, seed) => {
        const drawn = sampler([rows], size, 1, seed);
        const passes = 3;
        const steps = Math.ceil((passes * rows) / drawn.counts[0]!);
        const all = Array.from({ length: steps }, (_, step) => [...drawn.rowsAt(step)[0]!]).flat();
        for (let pass = 0; pass < passes; pass++)
          expect(all.slice(pass * rows, (pass + 1) * rows).sort((a, b) => a - b)).toEqual(
            Array.from({ length: rows }, (_, k) => k),
          );
      }),
    );
  });

  test("are a function of the step alone: asked in any order, the same rows", () => {
    const [one, two] = [sampler([17, 5], 6), sampler([17, 5], 6)];
    const forward = Array.from({ length: 20 }, (_, step) => one.rowsAt(step));
    for (let step = 19; step >= 0; step--) expect(two.rowsAt(step)).toEqual(forward[step]);
  });

  test("differ between seeds, groups and passes", () => {
    const order = (seed: number, group: number, step: number) => [
      ...sampler([50, 50], 100, 1, seed).rowsAt(step)[group]!,
    ];
    const orders = [order(1, 0, 0), order(1, 1, 0), order(1, 0, 1), order(2, 0, 0)].map(String);
    expect(new Set(orders).size).toBe(4);
  });
});

describe("shares of groups", () => {
  test("proportional, uniform, and between them", () => {
    expect(sampler([900, 100], 50).counts).toEqual([45, 5]);
    expect(sampler([900, 100], 50, Number.POSITIVE_INFINITY).counts).toEqual([25, 25]);
    // 900^½ : 100^½ = 3 : 1.
    expect(sampler([900, 100], 48, 2).counts).toEqual([36, 12]);
    expect(sampler([1000, 3], 50).counts).toEqual([50, 1]);
    expect(sampler([4, 4], 100).counts).toEqual([4, 4]);
  });

  test("an epoch draws as many rows as there are", () => {
    expect(sampler([900, 100], 50).stepsInEpoch).toBe(20);
    expect(sampler([10], 4).stepsInEpoch).toBe(3);
  });

  test("refuse what makes no sense", () => {
    expect(() => sampler([10], 0)).toThrow("batchSize must be a whole number of at least 1, not 0");
    expect(() => sampler([10], 5, -1)).toThrow("temperature must be positive, not -1");
  });
});
