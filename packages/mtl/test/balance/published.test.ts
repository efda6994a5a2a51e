import {
  alignedMtl,
  balance,
  caGrad,
  conFig,
  dualProj,
  equalWeighting,
  fairGrad,
  geometricLoss,
  gradVac,
  imtlGradient,
  imtlLoss,
  mgda,
  nashMtl,
  pcGrad,
  smoothTchebycheff,
  uncertaintyWeighting,
  upGrad,
} from "@kinship/mtl";
import { describe, expect, test } from "vitest";
import { combine, directionOf, tensorsOf } from "../support/jacobians.js";

// Values of TorchJD's own tests for these gradients, to the four digits that are published.
const rows = [
  [-4, 1, 1],
  [6, 1, 1],
];

function expectClose(found: ArrayLike<number>, expected: readonly number[], tolerance = 1e-4): void {
  expect(found.length).toBe(expected.length);
  for (const [k, value] of expected.entries()) expect(Math.abs(found[k]! - value)).toBeLessThanOrEqual(tolerance);
}

describe("directions for [[-4, 1, 1], [6, 1, 1]]", () => {
  // The published values of the projections add 1e-4 to the Gramian.
  const regularization = 1e-4;
  test.each([
    [alignedMtl(), [0.2133, 0.9673, 0.9673]],
    [conFig(), [0.1588, 2.0706, 2.0706]],
    [dualProj({ regularization }), [0.5563, 1.1109, 1.1109]],
    [upGrad({ regularization }), [0.2929, 1.9004, 1.9004]],
    [imtlGradient(), [0.0767, 1, 1]],
    [mgda(), [0, 1, 1]],
    [caGrad({ radius: 0.5 }), [0.1835, 1.2041, 1.2041]],
    [fairGrad({ alpha: 1 }), [0.0766, 0.9985, 0.9985]],
    [nashMtl(), [0.0542, 0.7061, 0.7061]],
  ])("$name", (balancer, expected) => {
    const { direction, residual } = directionOf(balancer, rows);
    expectClose(direction, expected);
    expect(residual).toBeLessThan(1e-12);
  });

  test.each([
    ["pcGrad", pcGrad],
    ["gradVac", gradVac],
  ])("%s", (_, method) => {
    const balancer = method();
    const { direction } = balance(balancer as ReturnType<typeof pcGrad>, balancer.start(2) as never, {
      gradients: tensorsOf(rows),
    });
    expectClose(direction.toTypedArray(), [0.5848, 3.8012, 3.8012]);
  });

  test("exact values, worked by hand", () => {
    // g₁·g₂ = −22, |g₁|² = 18, |g₂|² = 38: each loses its component along the other.
    const first = combine([1, 22 / 38], rows);
    const second = combine([22 / 18, 1], rows);
    expectClose(directionOf(pcGrad(), rows).direction, combine([1, 1], [first, second]), 1e-12);
    expectClose(directionOf(upGrad(), rows).direction, combine([0.5, 0.5], [first, second]), 1e-12);
    // The mean (1, 1, 1) meets g₁ at −2 and moves by 2/18 along it.
    expectClose(directionOf(dualProj(), rows).direction, combine([1 / 9, 1], [rows[0]!, [1, 1, 1]]), 1e-12);
    expectClose(directionOf(mgda(), rows).direction, [0, 1, 1], 1e-12);
    expectClose(directionOf(imtlGradient(), rows).direction.slice(1), [1, 1], 1e-12);
  });

  test("mean and sum", () => {
    const losses = [1, 1];
    expectClose(combine(equalWeighting().weigh({}, losses).weights, rows), [1, 1, 1], 0);
    expectClose(combine(equalWeighting({ reduction: "sum" }).weigh({}, losses).weights, rows), [2, 2, 2], 0);
  });
});

describe("scalarizations", () => {
  test("geometric mean of (1, 2, 4) is 2", () => {
    expect(geometricLoss().weigh({}, [1, 2, 4]).value).toBeCloseTo(2, 12);
  });
  test("uncertainty weighting of (1, 2, 4) is 3.5 at the start", () => {
    const method = uncertaintyWeighting();
    expect(method.weigh(method.start(3), [1, 2, 4]).value).toBe(3.5);
  });
  test("IMTL-L of (1, 2, 4) is 7 at the start", () => {
    const method = imtlLoss();
    expect(method.weigh(method.start(3), [1, 2, 4]).value).toBe(7);
  });
  test("smooth Tchebycheff of (0, 0) is ln 2", () => {
    expect(smoothTchebycheff({ smoothness: 1 }).weigh({}, [0, 0]).value).toBeCloseTo(Math.LN2, 14);
  });
});
