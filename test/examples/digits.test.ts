import { describe, expect, test } from "vitest";
import { trainDigits } from "../../examples/digits.js";

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

describe("handwritten digits: four tasks on one convolutional trunk", { timeout: 600_000 }, () => {
  test("a tenth of the training tells digits apart, and odd from even", async () => {
    const { measures } = await trainDigits(0, { epochs: 4, warmUp: 2 });
    expect(measures.digit!.accuracy).toBeGreaterThan(0.93);
    expect(measures.odd!.accuracy).toBeGreaterThan(0.93);
    expect(measures.ink!.r2).toBeGreaterThan(0.5);
  });

  test.runIf(process.env.KINSHIP_DEEP === "1")("in full, digit and parity reach .985 over three seeds", async () => {
    const runs = [];
    for (const seed of [0, 1, 2]) runs.push((await trainDigits(seed)).measures);
    expect(mean(runs.map(({ digit }) => digit!.accuracy!))).toBeGreaterThanOrEqual(0.985);
    expect(mean(runs.map(({ odd }) => odd!.accuracy!))).toBeGreaterThanOrEqual(0.985);
  });
});
