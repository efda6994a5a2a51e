import { type Balancer, balance, balancers, cosmos, fixedWeighting } from "@kinship/mtl";
import { describe, expect, test } from "vitest";
import { combine, type Rows, tensorsOf } from "../support/jacobians.js";

// Gradients for which anyone can say what a method's first step is: the laws of its paper worked by hand, for all methods
// alike. Losses are 1.

/** The first direction of a fresh method. */
function directionOf(make: (tasks: number) => Balancer, rows: Rows): number[] {
  const tasks = rows.length;
  const balancer = make(tasks);
  const losses = new Array<number>(tasks).fill(1);
  if (balancer.kind === "losses") return combine(balancer.weigh(balancer.start(tasks), losses).weights, rows);
  const gradients = tensorsOf(rows);
  const state = balancer.kind === "jacobian" ? balancer.start(tasks, gradients[0]!) : balancer.start(tasks);
  const independent = [gradients, gradients] as const;
  return [...balance(balancer, state, { gradients, losses, independent }).direction.toTypedArray()];
}

type Name = keyof typeof balancers | "fixedWeighting" | "cosmos";

const methods: Record<Name, (tasks: number) => Balancer> = {
  ...(balancers as Record<keyof typeof balancers, () => Balancer>),
  fixedWeighting: (tasks) => fixedWeighting(new Array<number>(tasks).fill(3)),
  // On the ray of the losses the cosine is largest: its derivative is 0.
  cosmos: (tasks) => cosmos({ preference: new Array<number>(tasks).fill(2) }),
};
const names = Object.keys(methods) as Name[];

/** Robust methods leave tasks out, and need some to be left. */
const fewest: Partial<Record<Name, number>> = { krum: 4, trimmedMean: 3 };

/** Σ w_i of methods whose weights follow from the losses (all 1), or keep to a sum. */
const sumOfWeights: Partial<Record<Name, (tasks: number) => number>> = {
  equalWeighting: () => 1,
  fixedWeighting: (m) => 3 * m,
  randomWeighting: () => 1,
  uncertaintyWeighting: (m) => m / 2,
  dynamicWeightAverage: (m) => m,
  geometricLoss: () => 1,
  imtlLoss: (m) => m,
  smoothTchebycheff: () => 1,
  famo: () => 1,
  penaltyBoundaryIntersection: (m) => Math.sqrt(m),
  cosmos: (m) => 2 * m,
};

/** By what the one gradient is multiplied where m tasks all have it. `length`: of the gradient. */
const equal: Record<Name, (tasks: number, length: number) => number> = {
  ...(sumOfWeights as Record<keyof typeof sumOfWeights, (tasks: number) => number>),
  mgda: () => 1,
  pcGrad: (m) => m,
  gradVac: (m) => m,
  caGrad: () => 1 + 0.5,
  imtlGradient: () => 1,
  // |d| = √m before clipping to 1.
  nashMtl: (_, length) => 1 / length,
  fairGrad: (m, length) => Math.sqrt(m) / length,
  alignedMtl: () => 1,
  upGrad: () => 1,
  dualProj: () => 1,
  conFig: (m) => m,
  gradNorm: (m) => m,
  moDo: () => 1,
  sdmGrad: () => 1,
  krum: () => 1,
  correlationSoftmax: () => 1,
  gradDrop: (m) => m,
  moCo: () => 0.5,
  dbMtl: (m) => m,
  excessMtl: () => 1,
  trimmedMean: () => 1,
} as Record<Name, (tasks: number, length: number) => number>;

/** By what each of m orthogonal gradients of the same length is multiplied. */
const orthogonal: Record<Name, (tasks: number, length: number) => number> = {
  ...equal,
  ...Object.fromEntries(Object.entries(sumOfWeights).map(([name, sum]) => [name, (m: number) => sum(m) / m])),
  mgda: (m) => 1 / m,
  pcGrad: () => 1,
  gradVac: () => 1,
  caGrad: (m) => 1.5 / m,
  imtlGradient: (m) => 1 / m,
  nashMtl: (m, length) => 1 / Math.sqrt(m) / length,
  fairGrad: (_, length) => 1 / length,
  alignedMtl: (m) => 1 / m,
  upGrad: (m) => 1 / m,
  dualProj: (m) => 1 / m,
  conFig: () => 1,
  gradNorm: () => 1,
  moDo: (m) => 1 / m,
  sdmGrad: (m) => 1 / m,
  correlationSoftmax: (m) => 1 / m,
  gradDrop: () => 1,
  moCo: (m) => 0.5 / m,
  dbMtl: () => 1,
  excessMtl: (m) => 1 / m,
  // In each entry one task alone has something, and that is trimmed.
  trimmedMean: () => 0,
};

/** By what a gradient is multiplied beside one that is zero, of methods whose answer does not depend on its length. */
const besideZero: Partial<Record<Name, (length: number) => number>> = {
  ...Object.fromEntries(
    Object.entries(sumOfWeights)
      .filter(([name]) => name !== "randomWeighting")
      .map(([name, sum]) => [name, () => sum(2) / 2]),
  ),
  mgda: () => 0,
  pcGrad: () => 1,
  gradVac: () => 1,
  caGrad: () => 0.5,
  imtlGradient: () => 1,
  nashMtl: (length) => 1 / length,
  fairGrad: (length) => 1 / length,
  alignedMtl: () => 0.5,
  upGrad: () => 0.5,
  dualProj: () => 0.5,
  conFig: () => 1,
  correlationSoftmax: () => 0.5,
  gradDrop: () => 1,
  dbMtl: () => 1,
  // Its risk is all that it was at first, so its weight rises by e^η; that of nothing stays.
  excessMtl: () => Math.exp(0.01) / (Math.exp(0.01) + 1),
};

const scales = [1e-15, 1e-6, 1, 1e6, 1e15];
const enough = (name: Name, tasks: number) => tasks >= (fewest[name] ?? 1);

function expectDirection(name: Name, rows: Rows, expected: readonly number[]): void {
  const size = Math.max(...expected.map(Math.abs));
  const found = directionOf(methods[name], rows);
  expected.forEach((value, k) => {
    expect(Math.abs(found[k]! - value), `${name}, entry ${k}: ${found[k]}, not ${value}`).toBeLessThanOrEqual(
      1e-12 * size,
    );
  });
}

describe.each(names)("%s", (name) => {
  test.each([1, 2, 4, 50])("%i equal gradients, of lengths from 5e-15 to 5e15", (tasks) => {
    if (!enough(name, tasks)) return;
    for (const scale of scales) {
      const gradient = [3 * scale, -4 * scale];
      const rows = Array.from({ length: tasks }, () => gradient);
      const factor = equal[name](tasks, 5 * scale);
      expectDirection(
        name,
        rows,
        gradient.map((value) => factor * value),
      );
    }
  });

  test.each([2, 4, 50])("%i orthogonal gradients, of lengths from 1e-15 to 1e15", (tasks) => {
    // Krum takes one of gradients that are all equally far apart; random weights are not alike.
    if (!enough(name, tasks) || name === "krum" || name === "randomWeighting") return;
    for (const scale of scales) {
      const rows = Array.from({ length: tasks }, (_, i) =>
        Array.from({ length: tasks }, (_, k) => (i === k ? scale : 0)),
      );
      expectDirection(name, rows, new Array<number>(tasks).fill(orthogonal[name](tasks, scale) * scale));
    }
  });

  test.each([1, 2, 4, 50])("%i gradients that are zero give no step", (tasks) => {
    if (!enough(name, tasks)) return;
    for (const value of directionOf(
      methods[name],
      Array.from({ length: tasks }, () => [0, 0, 0]),
    ))
      expect(value + 0).toBe(0);
  });

  test("opposite gradients cancel", () => {
    if (!enough(name, 2) || name === "randomWeighting") return;
    for (const scale of scales) {
      const gradient = [3 * scale, -4 * scale];
      const found = directionOf(methods[name], [gradient, gradient.map((value) => -value)]);
      // One of the two is dropped in each entry.
      if (name === "gradDrop") expect(found.map(Math.abs)).toEqual(gradient.map(Math.abs));
      else for (const value of found) expect(Math.abs(value)).toBeLessThanOrEqual(1e-12 * scale);
    }
  });

  test("a gradient beside one that is zero", () => {
    const factor = besideZero[name];
    if (!factor) return;
    for (const scale of scales) {
      const gradient = [3 * scale, -4 * scale];
      expectDirection(
        name,
        [gradient, [0, 0]],
        gradient.map((value) => factor(5 * scale) * value),
      );
    }
  });
});
