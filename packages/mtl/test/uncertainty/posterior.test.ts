import {
  createRandom,
  fitKNorm,
  InputError,
  linearPosterior,
  meanKinship,
  pooledKinship,
  treeKinship,
} from "@kinship/mtl";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { intervalQuantile } from "../../src/uncertainty/quantile.js";
import { bruteForce, solveDense } from "../support/oracle.js";
import { penalty, relations, tasksOf } from "../support/problems.js";

/** Standard normal draws (Box & Muller). */
function normal(seed: number): () => number {
  const random = createRandom(seed);
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

test("the posterior's covariance is σ² times the inverse of half the Hessian, and tr S the sum of the leverages", () => {
  fc.assert(
    fc.property(
      tasksOf({ min: 1, max: 4 }),
      fc.constantFrom(...relations.slice(0, 5)),
      penalty,
      (tasks, relation, lambda) => {
        const options = { lambda, lambdaIntercept: 0, intercept: false };
        const model = fitKNorm({ tasks, kinship: relation.kinship(tasks.length), lambda, intercept: "none" });
        const posterior = linearPosterior({ model, tasks, noise: 2 });
        const d = tasks[0]!.x[0]!.length;
        // Moving one target by 1 moves the prediction of its row by its leverage.
        let leverages = 0;
        const k = relation.matrix(tasks.length);
        for (const [t, { x, y }] of tasks.entries())
          for (const r of x.keys()) {
            const unit = tasks.map((task, s) => ({
              ...task,
              y: y.length && task.y.map((_, i) => Number(s === t && i === r)),
            }));
            const w = bruteForce(unit as typeof tasks, k, options);
            leverages += x[r]!.reduce((sum, value, i) => sum + value * w[t]![i]!, 0);
          }
        expect(posterior.degreesOfFreedom).toBeCloseTo(leverages, 6);
        const [{ low, mean, high }] = posterior.coefficients("task 0") as [{ low: number; mean: number; high: number }];
        const size = tasks.length * d;
        const hessian = Array.from({ length: size }, (_, a) =>
          Array.from({ length: size }, (_, b) => {
            const [s, i, t, j] = [Math.floor(a / d), a % d, Math.floor(b / d), b % d];
            const { x, weight = 1 } = tasks[s]!;
            const gram = s === t ? x.reduce((sum, row) => sum + weight * row[i]! * row[j]!, 0) : 0;
            return gram + (i === j ? (lambda / 2) * k[s]![t]! : 0);
          }),
        );
        const inverse = solveDense(hessian, hessian.map((_, a) => Number(a === 0))); // biome-ignore format: one line
        expect((high - low) / 2 / 1.959964).toBeCloseTo(Math.sqrt(2 * inverse[0]!), 4);
        expect((high + low) / 2).toBeCloseTo(mean, 8);
      },
    ),
  );
});

test("intervals cover as often as they say, the noise estimated, where weights are drawn from the prior", () => {
  const [tasks, features, rows, lambda, sigma, shrinkage] = [5, 2, 14, 2, 0.7, 1];
  const counts = { coefficient: 0, mean: 0, row: 0 };
  let total = 0;
  let noise = 0;
  const simulations = 400;
  for (let simulation = 0; simulation < simulations; simulation++) {
    const draw = normal(simulation + 1);
    // A prior with precision (λ/2σ²) K: w̄ ~ N(0, s²/μ), w_t ~ N(w̄, s²) with s² = 2σ²/λ.
    const spread = sigma * Math.sqrt(2 / lambda);
    const centre = Array.from({ length: features }, () => (spread / Math.sqrt(shrinkage)) * draw());
    const made = Array.from({ length: tasks }, (_, t) => {
      const w = centre.map((value) => value + spread * draw());
      const x = Array.from({ length: rows }, () => Array.from({ length: features }, draw));
      const target = (row: number[]) => row.reduce((sum, value, k) => sum + value * w[k]!, 0);
      return { name: `t${t}`, w, x, y: x.map((row) => target(row) + sigma * draw()), target };
    });
    const model = fitKNorm({ tasks: made, kinship: meanKinship({ shrinkage }), lambda, intercept: "none" });
    const posterior = linearPosterior({ model, tasks: made });
    noise += posterior.noise / simulations;
    for (const { name, w, target } of made) {
      const x = Array.from({ length: features }, draw);
      const inside = ({ low, high }: { low: number; high: number }, value: number) =>
        Number(low <= value && value <= high);
      counts.coefficient += inside(posterior.coefficients(name, { confidence: 0.9 })[0]!, w[0]!);
      counts.mean += inside(posterior.predictions(name, [x], { confidence: 0.9, of: "mean" })[0]!, target(x));
      counts.row += inside(posterior.predictions(name, [x], { confidence: 0.9 })[0]!, target(x) + sigma * draw());
      total++;
    }
  }
  expect(noise).toBeGreaterThan(0.97 * sigma * sigma);
  expect(noise).toBeLessThan(1.03 * sigma * sigma);
  // Tasks of one simulation are correlated: three standard errors of 400 draws are .045, of 2,000 .02.
  for (const count of Object.values(counts)) {
    expect(count / total).toBeGreaterThan(0.87);
    expect(count / total).toBeLessThan(0.93);
  }
});

test("quantiles are those of the tables", () => {
  expect(intervalQuantile(0.95, 60)).toBeCloseTo(2.000298, 5);
  expect(intervalQuantile(0.95, 120)).toBeCloseTo(1.97993, 5);
  expect(intervalQuantile(0.95, 10)).toBeCloseTo(2.228139, 5);
  expect(intervalQuantile(0.95, Number.POSITIVE_INFINITY)).toBeCloseTo(1.959963984540054, 10);
});

describe("refused", () => {
  const tasks = [{ name: "a", x: [[1], [2]], y: [1, 2] }, { name: "b", x: [[1]], y: [0] }]; // biome-ignore format: two tasks
  const model = fitKNorm({ tasks, kinship: meanKinship(), lambda: 1 });
  test.each<[string, () => unknown, RegExp]>([
    ["other tasks", () => linearPosterior({ model, tasks: tasks.slice(1) }), /those that the model was fitted on/],
    ["a noise of 0", () => linearPosterior({ model, tasks, noise: 0 }), /noise must be a finite number > 0/],
    ["an unknown task", () => linearPosterior({ model, tasks }).coefficients("c"), /was not fitted on task "c"/],
    [
      "a confidence of 2",
      () => linearPosterior({ model, tasks }).coefficients("a", { confidence: 2 }),
      /between 0 and 1/,
    ],
    [
      "no row left",
      () => {
        const one = [{ name: "a", x: [[1]], y: [1] }];
        return linearPosterior({
          model: fitKNorm({
            tasks: one,
            kinship: treeKinship({ parents: new Map([["a", null]]) }),
            lambda: 0,
            intercept: "none",
          }),
          tasks: one,
        });
      },
      /spends 1.00 degrees of freedom on 1 rows/,
    ],
    [
      "a pooled model",
      () => linearPosterior({ model: { ...model, method: "pooled", kinship: pooledKinship()(["a"]) }, tasks }),
      /found a pooled one/,
    ],
  ])("%s", (_, make, message) => {
    expect(make).toThrow(InputError);
    expect(make).toThrow(message);
  });
});
