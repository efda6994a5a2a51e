import { evaluate, transfer } from "@kinship/mtl";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

describe("evaluate", () => {
  const tasks = ["a", "b", "a", "b"];
  const actual = [1, 10, 3, 20];
  const predicted = [1, 12, 5, 20];
  const { perTask, overall } = evaluate(tasks, actual, predicted);

  test("measures each task and all rows, by hand", () => {
    expect(perTask).toEqual([
      { task: "a", rows: 2, mse: 2, rmse: Math.SQRT2, nmse: 2 },
      { task: "b", rows: 2, mse: 2, rmse: Math.SQRT2, nmse: 2 / 25 },
    ]);
    expect(overall.mse).toBe(2);
    expect(overall.meanTaskMse).toBe(2);
    // Σ_t SST_t = 2 + 50; SST = 8.5² − … about the mean 8.5: 7.5² + 1.5² + 5.5² + 11.5².
    expect(overall.explainedVarianceWithin).toBeCloseTo(1 - 8 / 52, 14);
    expect(overall.explainedVarianceGlobal).toBeCloseTo(1 - 8 / (56.25 + 2.25 + 30.25 + 132.25), 14);
  });

  test("perfect predictions explain all, each task's mean nothing within tasks", () => {
    expect(evaluate(tasks, actual, actual).overall.explainedVarianceWithin).toBe(1);
    expect(evaluate(tasks, actual, [2, 15, 2, 15]).overall.explainedVarianceWithin).toBe(0);
    expect(evaluate(tasks, actual, [8.5, 8.5, 8.5, 8.5]).overall.explainedVarianceGlobal).toBe(0);
  });

  test("what does not vary has no share explained", () => {
    expect(evaluate(["a"], [1], [2]).overall.nmse).toBeNaN();
    expect(() => evaluate(["a"], [1, 2], [1])).toThrow(/1 tasks, 2 actual and 1 predicted/);
    expect(() => evaluate([], [], [])).toThrow(/no row/);
  });
});

describe("transfer", () => {
  const values = fc.array(
    fc.integer({ min: -64, max: 64 }).map((k) => k / 8),
    { minLength: 8, maxLength: 30 },
  );

  test("gains are differences of errors, and swap sign with the models", () => {
    fc.assert(
      fc.property(values, values, (single, multi) => {
        const count = Math.min(single.length, multi.length);
        const tasks = Array.from({ length: count }, (_, i) => `${i % 3}`);
        const actual = new Float64Array(count);
        const forward = transfer(tasks, actual, single.slice(0, count), multi.slice(0, count), { resamples: 50 });
        const backward = transfer(tasks, actual, multi.slice(0, count), single.slice(0, count), { resamples: 50 });
        for (const [t, task] of forward.perTask.entries()) {
          expect(task.gain).toBe(task.singleError - task.multiError);
          const other = backward.perTask[t]!;
          expect([other.gain, other.low, other.high]).toEqual(
            [-task.gain, -task.high, -task.low].map((v) => expect.closeTo(v, 9)),
          );
        }
        const { overall } = evaluate(tasks, actual, single.slice(0, count));
        const better = evaluate(tasks, actual, multi.slice(0, count)).overall;
        expect(forward.overall.gain).toBeCloseTo(overall.mse - better.mse, 9);
      }),
    );
  });

  test("says helped and hurt where every row agrees, unclear where there is one row", () => {
    const tasks = ["a", "a", "a", "b", "b", "b", "c"];
    const actual = new Float64Array(7);
    const { perTask } = transfer(tasks, actual, [3, 4, 3, 1, 1, 0, 5], [1, 2, 1, 3, 4, 3, 1]);
    expect(perTask.map(({ verdict }) => verdict)).toEqual(["helped", "hurt", "unclear"]);
  });

  test("the interval of a mean covers as the normal law says", () => {
    // Differences of known variance: the bootstrap's half width is near 1.96 standard errors.
    const count = 400;
    const single = Array.from({ length: count }, (_, i) => Math.sqrt(2 + Math.sin(i * 12.9898) * 1.5));
    const { overall } = transfer(Array(count).fill("a"), new Float64Array(count), single, new Float64Array(count));
    const differences = single.map((value) => value * value);
    const mean = differences.reduce((sum, value) => sum + value / count, 0);
    const variance = differences.reduce((sum, value) => sum + (value - mean) ** 2 / count, 0);
    const expected = 1.96 * Math.sqrt(variance / count);
    expect((overall.high - overall.low) / 2 / expected).toBeGreaterThan(0.88);
    expect((overall.high - overall.low) / 2 / expected).toBeLessThan(1.12);
    expect(transfer(["a", "a"], [0, 0], [1, 2], [2, 1], { seed: 1 })).toEqual(transfer(["a", "a"], [0, 0], [1, 2], [2, 1], { seed: 1 })); // biome-ignore format: one line
  });
});
