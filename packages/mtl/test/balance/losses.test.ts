import {
  cosmos,
  dynamicWeightAverage,
  equalWeighting,
  famo,
  fixedWeighting,
  geometricLoss,
  imtlLoss,
  type LossBalancer,
  penaltyBoundaryIntersection,
  randomWeighting,
  sgd,
  smoothTchebycheff,
  uncertaintyWeighting,
} from "@kinship/mtl";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

const positive = fc.array(
  fc.integer({ min: 1, max: 1024 }).map((k) => k / 64),
  { minLength: 1, maxLength: 6 },
);

const fresh = (method: LossBalancer, losses: readonly number[]) => method.weigh(method.start(losses.length), losses);

describe("the weights are the derivatives of the objective", () => {
  test.each<readonly [string, (m: number) => LossBalancer]>([
    ["mean", () => equalWeighting()],
    ["sum", () => equalWeighting({ reduction: "sum" })],
    ["fixed", (m) => fixedWeighting(Array.from({ length: m }, (_, i) => i - 1.5))],
    ["uncertainty", () => uncertaintyWeighting()],
    ["IMTL-L", () => imtlLoss()],
    ["geometric mean", () => geometricLoss()],
    [
      "smooth Tchebycheff",
      (m) =>
        smoothTchebycheff({
          smoothness: 0.7,
          preference: Array.from({ length: m }, (_, i) => i + 1),
          ideal: new Array(m).fill(0.1),
        }),
    ],
    [
      "penalty boundary",
      (m) => penaltyBoundaryIntersection({ penalty: 2, preference: Array.from({ length: m }, (_, i) => i + 1) }),
    ],
    ["COSMOS", (m) => cosmos({ preference: Array.from({ length: m }, (_, i) => i + 1), alignment: 3 })],
  ])("%s", (_, make) => {
    fc.assert(
      fc.property(positive, (losses) => {
        const method = make(losses.length);
        const { weights } = fresh(method, losses);
        const h = 1e-5;
        losses.forEach((loss, i) => {
          const at = (shift: number) => fresh(method, replaced(losses, i, loss + shift)).value;
          const slope = (at(h) - at(-h)) / (2 * h);
          // d₂ has a kink on the preferred ray.
          if (method.name === "penaltyBoundaryIntersection" && onRay(losses)) return;
          expect(Math.abs(weights[i]! - slope)).toBeLessThan(1e-4 * (1 + Math.abs(slope)));
        });
      }),
    );
  });
});

function replaced(values: readonly number[], i: number, value: number): number[] {
  return values.map((old, k) => (k === i ? value : old));
}

function onRay(losses: readonly number[]): boolean {
  const length = Math.hypot(...losses.map((_, i) => i + 1));
  const along = losses.reduce((total, loss, i) => total + (loss * (i + 1)) / length, 0);
  return Math.hypot(...losses.map((loss, i) => loss - (along * (i + 1)) / length)) < 0.05;
}

describe("objectives in plain numbers", () => {
  test("smooth Tchebycheff lies between the largest and that plus μ ln m", () => {
    fc.assert(
      fc.property(positive, fc.constantFrom(0.01, 1, 10), (losses, smoothness) => {
        const { value, weights } = fresh(smoothTchebycheff({ smoothness }), losses);
        const largest = Math.max(...losses);
        expect(value).toBeGreaterThanOrEqual(largest - 1e-12);
        expect(value).toBeLessThanOrEqual(largest + smoothness * Math.log(losses.length) + 1e-12);
        expect(weights.reduce((total, w) => total + w, 0)).toBeCloseTo(1, 12);
      }),
    );
    expect(fresh(smoothTchebycheff({ smoothness: 1e-3 }), [1e4, 2e4]).value).toBeCloseTo(2e4, 6);
  });

  test("penalty boundary: the distance along a ray, and five times that from it", () => {
    const { value, weights } = fresh(penaltyBoundaryIntersection(), [3, 3]);
    expect(value).toBeCloseTo(Math.hypot(3, 3), 12);
    expect([...weights]).toEqual([expect.closeTo(Math.SQRT1_2, 12), expect.closeTo(Math.SQRT1_2, 12)]);
    expect(fresh(penaltyBoundaryIntersection(), [4, 0]).value).toBeCloseTo(Math.SQRT1_2 * 4 * (1 + 5), 12);
  });

  test("COSMOS: the weighted sum less the cosine", () => {
    expect(fresh(cosmos({ preference: [1, 0], alignment: 2 }), [3, 4]).value).toBeCloseTo(3 - 2 * 0.6, 12);
    expect(fresh(cosmos({ preference: [1, 0], alignment: 2 }), [0.03, 0.04]).value).toBeCloseTo(0.03 - 2 * 0.6, 12);
    expect([...fresh(cosmos({ preference: [1, 2] }), [0, 0]).weights]).toEqual([1, 2]);
  });
});

describe("what methods learn", () => {
  // With plain gradient descent the rule can be worked by hand.
  const optimizer = sgd({ learningRate: 0.1 });

  test("uncertainty: s falls for small losses, to log L", () => {
    const method = uncertaintyWeighting({ optimizer });
    let state = method.start(2);
    const once = method.weigh(state, [0.2, 5]);
    expect(once.state.learned.toArray()).toEqual([0 - 0.1 * (0.5 - 0.1), 0 - 0.1 * (0.5 - 2.5)]);
    for (let k = 0; k < 2000; k++) state = method.weigh(state, [0.2, 5]).state;
    expect(state.learned.get(0)).toBeCloseTo(Math.log(0.2), 6);
    expect(state.learned.get(1)).toBeCloseTo(Math.log(5), 6);
  });

  test("IMTL-L: every scaled loss comes to 1", () => {
    const method = imtlLoss({ optimizer });
    let state = method.start(2);
    for (let k = 0; k < 2000; k++) state = method.weigh(state, [0.5, 4]).state;
    const { weights } = method.weigh(state, [0.5, 4]);
    expect(weights[0]! * 0.5).toBeCloseTo(1, 6);
    expect(weights[1]! * 4).toBeCloseTo(1, 6);
  });

  test("FAMO: weights z/L of sum 1; the task that fell more weighs less after it", () => {
    const method = famo({ optimizer });
    const first = method.weigh(method.start(2), [1, 3]);
    expect(first.weights[0]! / first.weights[1]!).toBeCloseTo(3, 6);
    expect(first.weights[0]! + first.weights[1]!).toBeCloseTo(1, 12);
    const after = method.observe!(first.state, [0.5, 2.9]);
    const falls = [Math.log(1 / 0.5), Math.log(3 / 2.9)];
    const mean = (falls[0]! + falls[1]!) / 2;
    falls.forEach((fall, i) => {
      expect(after.learned.get(i)).toBeCloseTo(-0.1 * 0.5 * (fall - mean), 6);
    });
    expect(after.learned.get(0)).toBeLessThan(after.learned.get(1));
  });

  test("DWA: even twice, then m·softmax of the last rate over the temperature", () => {
    const method = dynamicWeightAverage({ temperature: 2 });
    let state = method.start(2);
    for (const losses of [
      [4, 4],
      [2, 3],
    ]) {
      const found = method.weigh(state, losses);
      expect([...found.weights]).toEqual([1, 1]);
      state = found.state;
    }
    const { weights } = method.weigh(state, [1, 1]);
    const powers = [Math.exp(2 / 4 / 2), Math.exp(3 / 4 / 2)];
    powers.forEach((power, i) => {
      expect(weights[i]!).toBeCloseTo((2 * power) / (powers[0]! + powers[1]!), 12);
    });
  });

  test("DWA by epochs compares their means, as it does rounds of one call each", () => {
    const method = dynamicWeightAverage({ every: 3 });
    const byEpoch = dynamicWeightAverage();
    let [state, coarse] = [method.start(2), byEpoch.start(2)];
    for (let epoch = 0; epoch < 5; epoch++) {
      const batches = [0, 1, 2].map((k) => [2 + Math.sin(3 * epoch + k), 1 + 1 / (1 + epoch) + 0.1 * k]);
      const means = [0, 1].map((i) => batches.reduce((total, losses) => total + losses[i]! / 3, 0));
      const expected = byEpoch.weigh(coarse, means);
      coarse = expected.state;
      for (const losses of batches) {
        const found = method.weigh(state, losses);
        state = found.state;
        for (const i of [0, 1]) expect(found.weights[i]!).toBeCloseTo(expected.weights[i]!, 12);
      }
    }
    expect(() => dynamicWeightAverage({ every: 0.5 })).toThrow(/every must be a whole number/);
  });

  test("random weights: on the simplex, new each step, with even mean", () => {
    const method = randomWeighting({ seed: 4 });
    let state = method.start(3);
    const total = [0, 0, 0];
    const seen = new Set<number>();
    for (let k = 0; k < 500; k++) {
      const found = method.weigh(state, [1, 1, 1]);
      state = found.state;
      expect(found.weights.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
      seen.add(found.weights[0]!);
      found.weights.forEach((w, i) => {
        total[i]! += w / 500;
      });
    }
    expect(seen.size).toBe(500);
    for (const mean of total) expect(Math.abs(mean - 1 / 3)).toBeLessThan(0.05);
  });
});

describe("losses that cannot be", () => {
  test("are named by their task", () => {
    for (const method of [equalWeighting(), smoothTchebycheff(), uncertaintyWeighting()] as LossBalancer[])
      expect(() => fresh(method, [1, Number.NaN])).toThrow(/task 1 is NaN/);
    for (const method of [geometricLoss(), dynamicWeightAverage(), famo()] as LossBalancer[])
      expect(() => fresh(method, [1, -2])).toThrow(/task 1 is -/);
    expect(() => fresh(equalWeighting(), [])).toThrow(/found none/);
    expect(() => fresh(fixedWeighting([1, 2]), [1, 2, 3])).toThrow(/2 weights for 3 tasks/);
  });
});
