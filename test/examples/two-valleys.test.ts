import { caGrad, gramian, imtlGradient, mgda, nashMtl, pcGrad, taskGradients } from "@kinship/mtl";
import { tensor } from "@kinship/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { drawPaths } from "../../examples/support/paths.js";
import { descend, starts, valleys } from "../../examples/two-valleys.js";

// The published formulas in plain numbers.
function plain(x1: number, x2: number): [number, number] {
  const c1 = Math.max(Math.tanh(x2 / 2), 0);
  const c2 = Math.max(Math.tanh(-x2 / 2), 0);
  const steep = (inside: number) => Math.log(Math.max(Math.abs(inside), 5e-6)) + 6;
  const f1 = steep(0.5 * (-x1 - 7) - Math.tanh(-x2));
  const f2 = steep(0.5 * (-x1 + 3) + Math.tanh(-x2) + 2);
  const g1 = ((-x1 + 7) ** 2 + 0.1 * (-x2 - 8) ** 2) / 10 - 20;
  const g2 = ((-x1 - 7) ** 2 + 0.1 * (-x2 - 8) ** 2) / 10 - 20;
  return [f1 * c1 + g1 * c2, f2 * c1 + g2 * c2];
}

const at = (x: readonly [number, number]) => valleys(tensor(Float64Array.from(x))).map((loss) => loss.item());
const slopes = ([x1, x2]: readonly [number, number], task: 0 | 1) => {
  const h = 1e-6;
  return [
    (plain(x1 + h, x2)[task] - plain(x1 - h, x2)[task]) / (2 * h),
    (plain(x1, x2 + h)[task] - plain(x1, x2 - h)[task]) / (2 * h),
  ] as const;
};

const coordinate = fc.integer({ min: -2560, max: 2560 }).map((k) => k / 256 + 1 / 1024);

describe("two valleys", () => {
  test("losses and gradients are those of the published formulas", () => {
    fc.assert(
      fc.property(coordinate, coordinate, (x1, x2) => {
        const expected = plain(x1, x2);
        const { losses, gradients } = taskGradients(valleys)(tensor(Float64Array.of(x1, x2)));
        for (const task of [0, 1] as const) {
          expect(losses.get(task)).toBeCloseTo(expected[task], 10);
          // In the floor of a valley the slope is a step function: differences do not measure it.
          const inside = task === 0 ? 0.5 * (-x1 - 7) - Math.tanh(-x2) : 0.5 * (-x1 + 3) + Math.tanh(-x2) + 2;
          if (Math.abs(inside) < 0.01) continue;
          const slope = slopes([x1, x2], task);
          for (const k of [0, 1] as const) expect(Math.abs(gradients[task]!.get(k) - slope[k])).toBeLessThan(1e-4);
        }
      }),
    );
  });

  test("a short way along the mean gradient is Adam's own, worked in plain numbers", () => {
    const steps = 300;
    const x: [number, number] = [-8.5, -5];
    const [m, v] = [
      [0, 0],
      [0, 0],
    ];
    for (let t = 1; t <= steps; t++) {
      const [a, b] = [slopes(x, 0), slopes(x, 1)];
      for (const k of [0, 1] as const) {
        const g = (a[k] + b[k]) / 2;
        m[k] = 0.9 * m[k]! + 0.1 * g;
        v[k] = 0.999 * v[k]! + 0.001 * g * g;
        x[k] -= (1e-3 * (m[k] / (1 - 0.9 ** t))) / (Math.sqrt(v[k] / (1 - 0.999 ** t)) + 1e-8);
      }
    }
    const { end } = descend(undefined, [-8.5, -5], steps);
    expect(end[0]).toBeCloseTo(x[0], 5);
    expect(end[1]).toBeCloseTo(x[1], 5);
  });

  test("a path is kept from start to end, and is drawn", () => {
    const run = descend(caGrad(), [9, 9], 1000, { stride: 300 });
    expect(run.path.length).toBe(2 * 5);
    expect([...run.path.subarray(0, 2)]).toEqual([9, 9]);
    expect([...run.path.subarray(8)]).toEqual([...run.end]);
    expect(run.losses).toEqual(at(run.end));
    const picture = drawPaths([run], valleys);
    expect(picture).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
    expect(picture).toContain(">caGrad<");
    expect(picture).not.toContain("NaN");
  });
});

/** The length of the shortest convex combination of the gradients, relative to the longer: 0 on the Pareto front. */
function distanceFromFront(x: readonly [number, number]): number {
  const { gradients } = taskGradients(valleys)(tensor(Float64Array.from(x)));
  const products = gramian(gradients);
  const { weights: w } = mgda().weigh({}, { gramian: products });
  const square = w[0]! ** 2 * products[0]! + 2 * w[0]! * w[1]! * products[1]! + w[1]! ** 2 * products[3]!;
  return Math.sqrt(Math.max(square, 0) / Math.max(products[0]!, products[3]!));
}

// A minute: 100,000 steps for each method and start.
describe.runIf(process.env.KINSHIP_DEEP === "1")("two valleys, 100,000 steps", { timeout: 600_000 }, () => {
  const steps = 100_000;

  test("the mean gradient gets stuck from the first and the third start", () => {
    const ends = starts.map((start) => descend(undefined, start, steps));
    for (const run of [ends[0]!, ends[2]!]) {
      expect(run.end[1]).toBeGreaterThan(1);
      expect(Math.max(...run.losses)).toBeGreaterThan(5);
    }
    for (const loss of ends[1]!.losses) expect(loss).toBeCloseTo(-15.0916, 4);
  });

  test.each(starts)("CAGrad reaches (0, −8.355) from (%d, %d)", (x1, x2) => {
    const run = descend(caGrad({ radius: 0.5 }), [x1, x2], steps);
    expect(run.end[0]).toBeCloseTo(0, 2);
    expect(run.end[1]).toBeCloseTo(-8.355, 3);
    for (const loss of run.losses) expect(loss).toBeCloseTo(-15.0916, 4);
  });

  test.each([
    ["MGDA", mgda],
    ["PCGrad", pcGrad],
    ["Nash-MTL", nashMtl],
    ["IMTL-G", imtlGradient],
  ] as const)("%s reaches the front from all three", (_, method) => {
    for (const start of starts) {
      const run = descend(method() as ReturnType<typeof mgda>, start, steps);
      expect(Math.abs(run.end[0])).toBeLessThanOrEqual(7);
      expect(distanceFromFront(run.end)).toBeLessThan(0.02);
    }
  });
});
