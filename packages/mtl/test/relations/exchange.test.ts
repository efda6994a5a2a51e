import { createRandom, fitLearned, identityKinship, type KinshipBuilder, meanKinship } from "@kinship/mtl";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { mapRows } from "../../src/algebra/map-rows.js";
import { multiplyRows } from "../../src/algebra/multiply-rows.js";
import { designOf } from "../../src/linear/design.js";
import { gramsByFold } from "../../src/linear/grams.js";
import { curvatureAt } from "../../src/relations/learned/curvature.js";
import { solverApart, solverMapped } from "../../src/relations/learned/given.js";
import {
  coordinatesOf,
  mapGrams,
  mapSlopes,
  metricOf,
  spectralMatrix,
  stiffnessOf,
} from "../../src/relations/learned/metric.js";
import { pointAt } from "../../src/relations/learned/point.js";
import { multiplyPrecision } from "../../src/relations/precision.js";
import { relations, tasksOf } from "../support/problems.js";

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
      const solvers = [solverApart(problem), solverMapped(problem)];
      expect(solvers.map((solver) => solver.factor(metric))).toEqual([-1, -1]);
      const [apart, mapped] = solvers.map((solver) => {
        const weights = new Float64Array(problem.grams.moments.length);
        solver.solve(problem.grams.moments, weights);
        return weights;
      }) as [Float64Array, Float64Array];
      const size = mapped.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-9);
      for (const [i, value] of mapped.entries()) expect(Math.abs(apart[i]! - value) / size).toBeLessThan(1e-8);
    }),
  );
});

test("tasks solved one by one are each determined, in whatever order their unknowns are eliminated", () => {
  // Two rows for three weights; the combination that they leave has next to no part of the last.
  const x = [[-2.8125, -2.9375, 3.1875], [-0.25, 0, -3.875]]; // biome-ignore format: a table
  const problem = problemFor([{ name: "few", x, y: [1, 2] }], false);
  const unpenalised = solverApart({ ...problem, penalties: new Float64Array(3) });
  expect(unpenalised.factor(drawnMetric(3, 1))).toBe(0);
  expect(solverApart(problem).factor(drawnMetric(3, 1))).toBe(-1);
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

test("the step's curvature is the change of the gradient, where the dual is that of the weights", () => {
  const arbitrary = fc.record({
    tasks: tasksOf({ min: 2, max: 5 }),
    relation: fc.constantFrom(...relations),
    share: fc.constantFrom(0, 0.3),
    intercept: fc.boolean(),
    seed: fc.integer({ min: 1, max: 1000 }),
  });
  fc.assert(
    fc.property(arbitrary, ({ tasks, relation, share, intercept, seed }) => {
      const graph = relation.kinship(tasks.length)(tasks.map(({ name }) => name)).precision;
      const problem = { ...problemFor(tasks, intercept), graph };
      const { slopes, grams, penalties } = problem;
      const { width } = grams;
      const random = createRandom(seed);
      const draw = () => Float64Array.from({ length: graph.size * width }, () => random() - 0.5);
      const [weights, v] = [draw(), draw()];
      // Intercepts of the curvature are the caller's.
      if (intercept) for (let node = 0; node < graph.size; node++) v[node * width + slopes] = 0;
      const here = pointAt(problem, weights, 0.1, share);
      const inverseRoot = spectralMatrix(here.metric, (sigma) => 1 / sigma);
      const plain = Float64Array.from({ length: graph.size * slopes }, (_, at) => {
        return weights[Math.floor(at / slopes) * width + (at % slopes)]!;
      });
      const dual = mapSlopes(inverseRoot, slopes, plain, slopes);
      const curvature = curvatureAt(graph, here, dual, { slopes, tasks: grams.tasks, share });
      const pulled = multiplyPrecision(graph, v, width, slopes);
      const held = mapRows(stiffnessOf(here.metric), slopes, pulled);
      const bent = Float64Array.from({ length: weights.length }, (_, at) => {
        const [node, i] = [Math.floor(at / width), at % width];
        return i < slopes ? penalties[0]! * held[node * slopes + i]! : 0;
      });
      curvature.addAnswer(v, penalties[0]!, bent);
      const h = 1e-5;
      const ahead = (sign: number) => weights.map((value, i) => value + sign * h * v[i]!);
      const gradient = (sign: number) => pointAt(problem, ahead(sign), 0.1, share).gradient;
      const [after, before] = [gradient(1), gradient(-1)];
      const data = new Float64Array(grams.tasks * width);
      for (let task = 0; task < grams.tasks; task++) {
        multiplyRows(grams.matrices, task * width * width, width, width, v, task * width, data, task * width);
      }
      const size = after.reduce((most, value, i) => Math.max(most, Math.abs(value - before[i]!) / (2 * h)), 1e-3);
      for (const [i, value] of bent.entries()) {
        const expected = (after[i]! - before[i]!) / (2 * h);
        expect(Math.abs(value + (data[i] ?? 0) - expected) / size).toBeLessThan(1e-6);
      }
    }),
  );
});

test("the gradient is that of the objective", () => {
  fc.assert(
    fc.property(fc.tuple(problems, fc.constantFrom(0, 0.4)), ([{ tasks, seed, intercept }, share]) => {
      const problem = problemFor(tasks, intercept);
      const random = createRandom(seed);
      const draw = () => problem.grams.moments.map(() => random() - 0.5);
      const [weights, v] = [draw(), draw()];
      const at = (step: number) => pointAt(problem, weights.map((value, i) => value + step * v[i]!), 0.1, share); // biome-ignore format: one line
      const h = 1e-5;
      const expected = (at(h).objective - at(-h).objective) / (2 * h);
      const gained = at(0).gradient.reduce((sum, value, i) => sum + 2 * value * v[i]!, 0);
      expect(Math.abs(gained - expected)).toBeLessThan(1e-6 * (1 + at(0).objective));
    }),
  );
});

describe("the exchange reaches its tolerance", () => {
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

  test("in few rounds where weights have many directions and few matter, and never uphill", async () => {
    const random = createRandom(5);
    const draw = () => random() + random() + random() - 1.5;
    const features = 12;
    const basis = [1, 0.3, 0.1].map((size) => Array.from({ length: features }, () => size * draw()));
    const tasks = Array.from({ length: 40 }, (_, t) => {
      const shares = basis.map(draw);
      const truth = Array.from({ length: features }, (_, k) =>
        shares.reduce((sum, share, b) => sum + share * basis[b]![k]!, 0),
      );
      const x = Array.from({ length: 20 }, () => Array.from({ length: features }, draw));
      const y = x.map((row) => row.reduce((sum, value, k) => sum + value * truth[k]!, 0) + 0.5 * draw());
      return { name: `t${t}`, x, y };
    });
    for (const lambda of [3, 30, 300]) {
      const kinship = identityKinship();
      const { model, rounds } = await fitLearned({ tasks, kinship, lambda, intercept: "free", tolerance: 1e-7 });
      expect(model.certificate.residual).toBeLessThanOrEqual(1e-7);
      expect(rounds.length).toBeLessThan(100);
      for (let k = 1; k < rounds.length; k++)
        expect(rounds[k]!.objective).toBeLessThanOrEqual(rounds[k - 1]!.objective * (1 + 1e-12));
    }
  });
});
