import { createRandom, fitLearned, identityKinship, type KinshipBuilder, meanKinship } from "@kinship/mtl";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { designOf } from "../../src/linear/design.js";
import { gramsByFold } from "../../src/linear/grams.js";
import { createAnderson } from "../../src/relations/learned/anderson.js";
import { coordinatesOf, mapGrams, metricOf, metricOfRoot, rootOf } from "../../src/relations/learned/metric.js";
import { solveApart, solveMapped } from "../../src/relations/learned/solve-given.js";
import { tasksOf } from "../support/problems.js";

/** A metric of weights drawn at random. */
function drawnMetric(slopes: number, seed: number) {
  const random = createRandom(seed);
  const draws = Array.from({ length: slopes }, () => Array.from({ length: slopes }, () => random() - 0.5));
  const scatter = Float64Array.from({ length: slopes * slopes }, (_, at) => {
    const [i, j] = [Math.floor(at / slopes), at % slopes];
    return draws.reduce((sum, draw) => sum + draw[i]! * draw[j]!, 0);
  });
  return metricOf(scatter, 3, 1e-3, 0.2);
}

const problems = fc.record({
  tasks: tasksOf({ min: 1, max: 5 }),
  seed: fc.integer({ min: 1, max: 1000 }),
  intercept: fc.boolean(),
});

function problemFor(tasks: Parameters<typeof designOf>[0], intercept: boolean) {
  const design = designOf(tasks, "test");
  const [grams] = gramsByFold(design, intercept, 1, []);
  const slopes = design.features;
  const penalties = new Float64Array(grams!.width).fill(0.7);
  if (intercept) penalties[slopes] = 0.2;
  return { grams: grams!, graph: identityKinship()(design.names).precision, slopes, penalties };
}

test("tasks solved one by one are those solved in the coordinates of the metric", () => {
  fc.assert(
    fc.property(problems, ({ tasks, seed, intercept }) => {
      const problem = problemFor(tasks, intercept);
      const metric = drawnMetric(problem.slopes, seed);
      const [apart, mapped] = [solveApart(problem, metric), solveMapped(problem, metric)];
      expect([apart.failed, mapped.failed]).toEqual([-1, -1]);
      const size = mapped.weights.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-9);
      for (const [i, value] of mapped.weights.entries()) {
        expect(Math.abs(apart.weights[i]! - value) / size).toBeLessThan(1e-8);
      }
    }),
  );
});

test("mapped Gram matrices are those of the mapped inputs", () => {
  fc.assert(
    fc.property(problems, ({ tasks, seed, intercept }) => {
      const { grams, slopes } = problemFor(tasks, intercept);
      const coordinates = coordinatesOf(drawnMetric(slopes, seed));
      const moved = tasks.map((task) => ({
        ...task,
        x: (task.x as number[][]).map((row) =>
          Array.from({ length: slopes }, (_, k) =>
            row.reduce((sum, value, i) => sum + value * coordinates.outward[i * slopes + k]!, 0),
          ),
        ),
      }));
      const mapped = mapGrams(grams, coordinates);
      const expected = problemFor(moved, intercept).grams;
      for (const key of ["matrices", "moments", "squares"] as const) {
        const size = expected[key].reduce((most, value) => Math.max(most, Math.abs(value)), 1e-9);
        for (const [i, value] of expected[key].entries()) {
          expect(Math.abs(mapped[key][i]! - value) / size).toBeLessThan(1e-10);
        }
      }
    }),
  );
});

test("a metric is found again from its root", () => {
  const metric = drawnMetric(4, 7);
  const again = metricOfRoot(rootOf(metric), 3, 1e-3, 0.2);
  for (const [k, value] of metric.stiffness.entries()) expect(again.stiffness[k]! / value).toBeCloseTo(1, 10);
});

test("Anderson's acceleration finds the fixed point of a linear map of three dimensions in four steps", () => {
  const map = (x: Float64Array) =>
    Float64Array.of(0.9 * x[0]! + 0.05 * x[1]! + 1, 0.8 * x[1]! - 0.1 * x[2]! - 2, 0.3 * x[2]! + 0.2 * x[0]! + 0.5);
  const anderson = createAnderson(4);
  let x: Float64Array = new Float64Array(3);
  for (let step = 0; step < 6; step++) x = anderson.next(x, map(x));
  for (const [i, value] of map(x).entries()) expect(value).toBeCloseTo(x[i]!, 5);
});

describe("the alternation reaches its tolerance", () => {
  test.each<[string, KinshipBuilder]>([
    ["no prior", identityKinship()],
    ["the mean as prior", meanKinship()],
  ])("%s", async (_, kinship) => {
    const random = createRandom(2);
    const draw = () => random() + random() - 1;
    const tasks = Array.from({ length: 8 }, (_, t) => {
      const x = Array.from({ length: 9 + t }, () => Array.from({ length: 5 }, draw));
      return { name: `t${t}`, x, y: x.map(([a, b]) => (t % 2 === 0 ? 1 : -1) * (a! + 2 * b!) + 0.3 * draw()) };
    });
    for (const lambda of [0.1, 1, 10]) {
      const { model } = await fitLearned({ tasks, kinship, lambda, tolerance: 1e-6 });
      expect(model.certificate.residual).toBeLessThanOrEqual(1e-6);
      expect(model.certificate.converged).toBe(true);
    }
  });
});
