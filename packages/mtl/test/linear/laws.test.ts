import {
  fitKNorm,
  graphKinship,
  identityKinship,
  kinshipMatrix,
  type LinearModel,
  matrixKinship,
  meanKinship,
  treeKinship,
} from "@kinship/mtl";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bruteForce, type PlainTask, roundingOf } from "../support/oracle.js";
import { penalty, tasksOf } from "../support/problems.js";

const close = (found: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number) => {
  expect(found.length).toBe(expected.length);
  const scale = Math.max(1, ...Array.from(expected, Math.abs));
  for (let i = 0; i < found.length; i++) expect(Math.abs(found[i]! - expected[i]!) / scale).toBeLessThan(tolerance);
};

const taskWeights = ({ weights, features, kinship }: LinearModel) =>
  weights.subarray(0, kinship.tasks.length * features.length);

describe("laws of the K-norm", () => {
  test("permuting the tasks permutes the solution", () => {
    fc.assert(
      fc.property(tasksOf({ min: 2, max: 5 }), penalty, (tasks, lambda) => {
        const names = tasks.map(({ name }) => name);
        const edges = names.slice(1).map((name, i) => [names[i]!, name, 1 + i] as const);
        for (const kinship of [meanKinship(), graphKinship({ edges, ridge: 0.5 })]) {
          const forward = fitKNorm({ tasks, kinship, lambda });
          const backward = fitKNorm({ tasks: [...tasks].reverse(), kinship, lambda });
          const weightsOf = ({ weights, intercepts, features, kinship }: LinearModel) =>
            names.flatMap((name) => {
              const t = kinship.tasks.indexOf(name);
              return [...weights.subarray(t * features.length, (t + 1) * features.length), intercepts[t]!];
            });
          const penalties = { lambda, lambdaIntercept: lambda, intercept: true };
          const flat = kinshipMatrix(kinship(names));
          const k = names.map((_, i) => [...flat.subarray(i * names.length, (i + 1) * names.length)]);
          const [found, expected] = [weightsOf(backward), weightsOf(forward)];
          const rounding = roundingOf(tasks, k, penalties, expected);
          const scale = Math.max(1, ...expected.map(Math.abs));
          for (const [i, value] of expected.entries())
            expect(Math.abs(found[i]! - value)).toBeLessThan(1e-9 * scale + 16 * rounding[i]!);
        }
      }),
    );
  });

  test("one latent mean is the matrix I − 11ᵀ/(T + μ), and the tree of depth one", () => {
    fc.assert(
      fc.property(tasksOf(), penalty, fc.constantFrom(0.25, 1, 4), (tasks, lambda, shrinkage) => {
        const count = tasks.length;
        const k = tasks.map((_, i) => tasks.map((_, j) => (i === j ? 1 : 0) - 1 / (count + shrinkage)));
        const parents = new Map<string, string | null>(tasks.map(({ name }) => [name, "root"]));
        parents.set("root", null);
        const star = fitKNorm({ tasks, kinship: meanKinship({ shrinkage }), lambda });
        const explicit = fitKNorm({ tasks, kinship: matrixKinship(k), lambda });
        const tree = fitKNorm({ tasks, kinship: treeKinship({ parents, shrinkage }), lambda });
        close(taskWeights(explicit), taskWeights(star), 1e-9);
        close(taskWeights(tree), taskWeights(star), 1e-9);
        expect(explicit.objective).toBeCloseTo(star.objective, 6);
      }),
    );
  });

  const generic = (rows: number, seed: number): PlainTask[] =>
    [0, 1, 2].map((t) => {
      const at = (i: number, k: number) => Math.sin(1 + seed + 7 * t + 3.7 * i + 2.3 * k * (i + 1));
      return {
        name: `task ${t}`,
        x: Array.from({ length: rows + t }, (_, i) => [at(i, 0), at(i, 1)]),
        y: Array.from({ length: rows + t }, (_, i) => at(i, 2) + t),
      };
    });

  test("λ → ∞ with a free mean is the pooled least-squares fit", () => {
    const tasks = generic(6, 0);
    const all = [{ name: "all", x: tasks.flatMap(({ x }) => x), y: tasks.flatMap(({ y }) => y) }];
    const [pooled] = bruteForce(all, [[0]], { lambda: 0, lambdaIntercept: 0, intercept: true });
    for (const lambda of [1e8, 1e12]) {
      const model = fitKNorm({ tasks, kinship: meanKinship({ shrinkage: 0 }), lambda });
      for (let t = 0; t < 3; t++) {
        close([...model.weights.subarray(2 * t, 2 * t + 2), model.intercepts[t]!], pooled!, 1e-6);
      }
      expect(model.certificate.residual).toBeLessThan(1e-8);
    }
  });

  test("λ → ∞ with K = I is zero, and λ → 0 is each task's least-squares fit", () => {
    const tasks = generic(6, 1);
    const strong = fitKNorm({ tasks, kinship: identityKinship(), lambda: 1e12 });
    close(strong.weights, new Float64Array(6), 1e-9);
    const alone = tasks.flatMap(
      (task) => bruteForce([task], [[0]], { lambda: 0, lambdaIntercept: 0, intercept: true })[0]!,
    );
    for (const lambda of [0, 1e-12]) {
      const weak = fitKNorm({ tasks, kinship: meanKinship(), lambda });
      const found = [0, 1, 2].flatMap((t) => [...weak.weights.subarray(2 * t, 2 * t + 2), weak.intercepts[t]!]);
      close(found, alone, 1e-8);
    }
  });

  test("free intercepts set every task's mean residual to zero", () => {
    fc.assert(
      fc.property(tasksOf(), penalty, (tasks, lambda) => {
        const model = fitKNorm({ tasks, kinship: meanKinship(), lambda, intercept: "free" });
        const d = model.features.length;
        for (const [t, { x, y }] of tasks.entries()) {
          let residual = 0;
          for (const [i, row] of x.entries()) {
            residual += model.intercepts[t]! - y[i]!;
            for (let k = 0; k < d; k++) residual += row[k]! * model.weights[t * d + k]!;
          }
          expect(Math.abs(residual)).toBeLessThan(1e-9);
        }
        // What is expected of a new task's intercept: the tasks' mean, shrunk.
        const total = model.intercepts.subarray(0, tasks.length).reduce((sum, value) => sum + value, 0);
        expect(model.intercepts[tasks.length]).toBeCloseTo(total / (tasks.length + 1e-3), 9);
      }),
    );
  });

  test("a task's weight counts its rows as often", () => {
    const [first, second] = generic(4, 2);
    const doubled = { ...first!, x: [...first!.x, ...first!.x], y: [...first!.y, ...first!.y] };
    const options = { kinship: meanKinship(), lambda: 2 };
    const weighted = fitKNorm({ tasks: [{ ...first!, weight: 2 }, second!], ...options });
    close(weighted.weights, fitKNorm({ tasks: [doubled, second!], ...options }).weights, 1e-12);
  });

  test("conjugate gradients on a large ring find what the chain's elimination finds with one edge more", () => {
    const count = 240;
    const tasks = Array.from({ length: count }, (_, t) => ({ ...generic(3, t)[0]!, name: `task ${t}` }));
    const names = tasks.map(({ name }) => name);
    const edges = names.map((name, t) => [name, names[(t + 1) % count]!, 1] as const);
    const options = { tasks, lambda: 3 };
    const ring = fitKNorm({ ...options, kinship: graphKinship({ edges, ridge: 0.1 }) });
    const nearly = [...edges.slice(1), [names[0]!, names[1]!, 1e-13] as const];
    const chain = fitKNorm({ ...options, kinship: graphKinship({ edges: edges.slice(1), ridge: 0.1 }) });
    const opened = fitKNorm({ ...options, kinship: graphKinship({ edges: nearly, ridge: 0.1 }) });
    expect([ring, chain, opened].map(({ certificate }) => certificate.solver)).toEqual([
      "conjugate-gradient",
      "forest",
      "conjugate-gradient",
    ]);
    expect(ring.certificate.residual).toBeLessThan(1e-12);
    close(opened.weights, chain.weights, 1e-9);
  });
});
