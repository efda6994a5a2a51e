import { createRandom } from "@kinship/mtl";
import { expect, test } from "vitest";

test("draws are uniform on [0, 1): means, variances and neighbours of many seeds", () => {
  for (const seed of [0, 1, 2, -5, 2 ** 31]) {
    const random = createRandom(seed);
    const draws = Float64Array.from({ length: 20_000 }, random);
    const mean = draws.reduce((sum, value) => sum + value / draws.length, 0);
    const moment = (lag: number) =>
      draws.reduce((sum, value, i) => sum + (value - 0.5) * ((draws[i + lag] ?? 0.5) - 0.5), 0) / draws.length;
    // Five standard errors.
    expect(Math.abs(mean - 0.5)).toBeLessThan(5 / Math.sqrt(12 * 20_000));
    expect(Math.abs(moment(0) - 1 / 12)).toBeLessThan(5 * Math.sqrt(1 / 180 / 20_000));
    expect(Math.abs(moment(1))).toBeLessThan(5 / 12 / Math.sqrt(20_000));
    expect(Math.min(...draws)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...draws)).toBeLessThan(1);
  }
});

test("neighbouring seeds start far apart", () => {
  const firsts = Array.from({ length: 1000 }, (_, seed) => createRandom(seed)());
  const mean = firsts.reduce((sum, value) => sum + value / 1000, 0);
  expect(Math.abs(mean - 0.5)).toBeLessThan(5 / Math.sqrt(12_000));
});
