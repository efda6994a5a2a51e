import {
  createRandom,
  crossValidateLearned,
  deserialize,
  fitKNorm,
  fitLearned,
  InputError,
  identityKinship,
  kinshipMatrix,
  matrixKinship,
  meanKinship,
  predictTask,
  serialize,
} from "@kinship/mtl";
import { eigh, svd, tensor } from "@kinship/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { objective } from "../support/oracle.js";
import { relations, tasksOf } from "../support/problems.js";

const rows = (flat: Float64Array, n: number) =>
  Array.from({ length: n }, (_, i) => [...flat.slice(i * n, (i + 1) * n)]);

/** Tasks in two families whose weights are v and −v, and noise. */
function families(count: number, features: number, each: number, seed = 1) {
  const random = createRandom(seed);
  const draw = () => random() + random() + random() - 1.5;
  const v = Array.from({ length: features }, draw);
  return Array.from({ length: count }, (_, t) => {
    const sign = t % 2 === 0 ? 1 : -1;
    const x = Array.from({ length: each }, () => Array.from({ length: features }, draw));
    const y = x.map((row) => sign * row.reduce((sum, value, k) => sum + value * v[k]!, 0) + 0.3 * draw());
    return { name: `task ${t}`, x, y };
  });
}

describe("laws of the exchange", () => {
  const problems = fc.record({
    tasks: tasksOf({ min: 2, max: 5 }),
    relation: fc.constantFrom(...relations.filter(({ name }) => name !== "matrix of rank two")),
    share: fc.constantFrom(0, 0.3, 1),
    lambda: fc.constantFrom(0.5, 4, 32),
  });

  test("no round raises the objective", async () => {
    await fc.assert(
      fc.asyncProperty(problems, async ({ tasks, relation, share, lambda }) => {
        const kinship = relation.kinship(tasks.length);
        const { rounds } = await fitLearned({ tasks, kinship, lambda, share, rounds: 30 });
        for (let k = 1; k < rounds.length; k++)
          expect(rounds[k]!.objective).toBeLessThanOrEqual(rounds[k - 1]!.objective * (1 + 1e-12) + 1e-12);
      }),
    );
  });

  test("the K-norm with the learned K has the same minimiser, and K is positive semi-definite", async () => {
    await fc.assert(
      fc.asyncProperty(problems, async ({ tasks, relation, share, lambda }) => {
        const kinship = relation.kinship(tasks.length);
        const options = { tasks, lambda, intercept: "none" as const };
        const { model, rounds } = await fitLearned({ ...options, kinship, share, tolerance: 1e-9, rounds: 3000 });
        const k = rows(kinshipMatrix(model.kinship), tasks.length);
        const shape = [k.length, k.length];
        const eigenvalues = eigh(tensor(k.flat(), { shape, dtype: "float64" })).values.toTypedArray();
        expect(eigenvalues[0]! / eigenvalues.at(-1)!).toBeGreaterThan(-1e-9);
        if (rounds.at(-1)!.residual > 1e-9) return;
        const again = fitKNorm({ ...options, kinship: matrixKinship(k) });
        const size = Math.max(...model.weights.map(Math.abs), 1e-6);
        for (let i = 0; i < again.weights.length; i++)
          expect(Math.abs(again.weights[i]! - model.weights[i]!)).toBeLessThan(1e-4 * size);
      }),
    );
  });
});

test("with K₀ = I the objective is that of the squared trace norm, and Ω is (WᵀW)^½ over its trace", async () => {
  const tasks = families(6, 4, 12);
  const lambda = 2;
  const smoothing = 1e-7;
  const { model, rounds, taskCovariance } = await fitLearned({
    tasks,
    lambda,
    kinship: identityKinship(),
    intercept: "none",
    smoothing,
    rounds: 2000,
  });
  const w = tensor(model.weights, { shape: [6, 4] });
  const { u, s } = svd(w);
  const singular = Array.from(s.toTypedArray());
  const norm = singular.reduce((a, b) => a + b, 0);
  const weights = rows(model.weights, 6).map((_, t) => [...model.weights.slice(t * 4, t * 4 + 4)]);
  const none = weights.map((row) => row.map(() => 0));
  const penalties = { lambda: 0, lambdaIntercept: 0, intercept: false };
  const loss = objective(tasks, none.map(() => none.map(() => 0)), penalties, weights); // biome-ignore format: one line
  expect(rounds.at(-1)!.objective).toBeCloseTo(loss + ((lambda / 2) * norm * norm) / 6, 4);
  for (let a = 0; a < 6; a++)
    for (let b = 0; b < 6; b++) {
      const expected = singular.reduce((sum, value, k) => sum + (value * u.get(a, k) * u.get(b, k) * 6) / norm, 0);
      expect(taskCovariance[a * 6 + b]).toBeCloseTo(expected, 4);
    }
});

test("tasks with opposite weights are found to be so, and help each other where K = I does not", async () => {
  const tasks = families(8, 6, 12);
  // The weights are drawn first, so that they are the same.
  const fresh = families(8, 6, 212);
  const { lambda } = await crossValidateLearned({ tasks, kinship: identityKinship(), intercept: "none" });
  const { taskCovariance, model } = await fitLearned({ tasks, kinship: identityKinship(), intercept: "none", lambda });
  for (let a = 0; a < 8; a++)
    for (let b = 0; b < a; b++) {
      const scale = Math.sqrt(taskCovariance[a * 8 + a]! * taskCovariance[b * 8 + b]!);
      expect((taskCovariance[a * 8 + b]! / scale) * (a % 2 === b % 2 ? 1 : -1)).toBeGreaterThan(0.5);
    }
  const error = (of: typeof model) =>
    fresh.reduce((total, { name, x, y }) => {
      const predicted = predictTask(of, name, x.slice(12));
      return total + predicted.reduce((sum, value, i) => sum + (value - y[i + 12]!) ** 2, 0);
    }, 0);
  const alone = [0.01, 0.1, 1, 10].map((l) =>
    error(fitKNorm({ tasks, kinship: identityKinship(), lambda: l, intercept: "none" })),
  );
  expect(error(model)).toBeLessThan(0.8 * Math.min(...alone));
});

test("cross-validation looks for a weaker λ where tasks tell their weights, and for a stronger one where they are noise", async () => {
  const telling = families(8, 6, 12);
  const random = createRandom(4);
  const noise = telling.map((task) => ({ ...task, y: task.y.map(() => random() - 0.5) }));
  const search = (tasks: typeof telling) =>
    crossValidateLearned({ tasks, kinship: identityKinship(), intercept: "none" });
  const least = ({ path }: Awaited<ReturnType<typeof search>>) => Math.min(...path.map(({ mse }) => mse));
  const [signal, none] = [await search(telling), await search(noise)];
  expect(signal.mse).toBe(least(signal));
  expect(none.mse).toBe(least(none));
  const [weak, strong] = [signal, none].map(({ path }) => path.map(({ lambda }) => lambda));
  for (const lambdas of [weak!, strong!]) expect(lambdas).toEqual([...lambdas].sort((x, y) => x - y));
  // The same inputs begin at the same λ; two worse ones end the walk down from it, and of noise none above is worse.
  const first = weak!.at(-1)!;
  expect(signal.lambda).toBeLessThan(first);
  expect(strong!.indexOf(first)).toBe(2);
  expect(none.lambda).toBe(strong!.at(-1));
  expect(none.lambda).toBeGreaterThan(10 * first);
});

test("share = 1 learns nothing: it is the K-norm with the prior", async () => {
  const tasks = families(4, 3, 6);
  const options = { tasks, kinship: meanKinship(), lambda: 3, lambdaIntercept: 0.5 };
  const { model } = await fitLearned({ ...options, share: 1 });
  const plain = fitKNorm(options);
  for (const [i, value] of plain.weights.entries()) expect(model.weights[i]).toBeCloseTo(value, 10);
  for (const [i, value] of plain.intercepts.entries()) expect(model.intercepts[i]).toBeCloseTo(value, 10);
  expect(model.objective).toBeCloseTo(plain.objective, 8);
});

test("a task never seen is predicted by the prior's mean, before and after saving", async () => {
  const { model } = await fitLearned({ tasks: families(5, 2, 6), kinship: meanKinship(), lambda: 1 });
  const loaded = deserialize(serialize(model));
  expect(loaded).toEqual(model);
  expect(predictTask(loaded, "new", [[1, 2]])).toEqual(predictTask(model, "(mean)", [[1, 2]]));
});

describe("hard cases", () => {
  const fit = (tasks: Parameters<typeof fitLearned>[0]["tasks"], options = {}) =>
    fitLearned({ tasks, kinship: identityKinship(), lambda: 1, ...options });

  test("targets that are all zero give weights that are zero", async () => {
    const { model } = await fit([{ name: "a", x: [[1], [2]], y: [0, 0] }]);
    expect([...model.weights, ...model.intercepts]).toEqual([0, 0]);
  });

  test("more features than rows, constant and collinear features", async () => {
    const x = [[1, 1, 2, 5, 0], [2, 2, 1, 5, 0]]; // biome-ignore format: a matrix
    const { model } = await fit([{ name: "a", x, y: [1, 2] }, { name: "b", x, y: [2, 1] }]); // biome-ignore format: two tasks
    expect(model.certificate.converged).toBe(true);
    expect(model.weights.every(Number.isFinite)).toBe(true);
    expect(model.weights[0]).toBeCloseTo(model.weights[1]!, 6);
    expect(model.weights[4]).toBeCloseTo(0, 9);
  });

  test.each([1e-100, 1e100])("features and targets of size %d give the answer of size 1", async (scale) => {
    const tasks = families(3, 2, 5);
    const scaled = tasks.map(({ name, x, y }) => ({
      name,
      x: x.map((row) => row.map((value) => value * scale)),
      y: y.map((value) => value * scale),
    }));
    const options = { intercept: "none" as const, tolerance: 1e-9 };
    const plain = await fit(tasks, options);
    const { model } = await fit(scaled, { ...options, lambda: scale * scale });
    for (const [i, value] of plain.model.weights.entries()) expect(model.weights[i]).toBeCloseTo(value, 6);
  });

  test.each(["free", "coupled"] as const)("the units of features change nothing, intercepts %s", async (intercept) => {
    const tasks = families(3, 2, 5).map((task, t) => ({ ...task, y: task.y.map((value) => value + 3 + t) }));
    const options = { intercept, lambdaIntercept: 0.5 };
    const { model: plain } = await fit(tasks, options);
    for (const unit of [1e-8, 1e-3, 1e3]) {
      const scaled = tasks.map((task) => ({ ...task, x: task.x.map((row) => row.map((value) => value * unit)) }));
      const { model } = await fit(scaled, { ...options, lambda: unit * unit });
      expect(model.certificate.converged).toBe(true);
      for (const [i, value] of plain.weights.entries()) expect(model.weights[i]! * unit).toBeCloseTo(value, 3);
      for (const [i, value] of plain.intercepts.entries()) expect(model.intercepts[i]).toBeCloseTo(value, 3);
    }
  });

  test("1e300 overflows, and says so", async () => {
    await expect(fit([{ name: "a", x: [[1e300]], y: [1] }])).rejects.toThrow(/overflow float64; rescale/);
  });

  test.each([
    [{ lambda: -1 }, /fitLearned: lambda must be a finite number ≥ 0, not -1/],
    [{ lambda: Number.NaN }, /lambda must be a finite number/],
    [{ share: 1.5 }, /share must lie in \[0, 1\], not 1.5/],
    [{ rounds: 0 }, /rounds must be a whole number ≥ 1/],
    [{ smoothing: 0 }, /smoothing must be a finite number > 0/],
  ])("%o is refused", async (options, message) => {
    const made = fit([{ name: "a", x: [[1]], y: [1] }], options);
    await expect(made).rejects.toThrow(InputError);
    await expect(made).rejects.toThrow(message);
  });

  test("a task without rows is refused", async () => {
    await expect(fit([{ name: "a", x: [], y: [] }])).rejects.toThrow(/"a" has no training row/);
  });

  test("it can be interrupted", async () => {
    const control = new AbortController();
    const made = fit(families(3, 2, 5), { signal: control.signal, onProgress: () => control.abort() });
    await expect(made).rejects.toThrow(/abort/i);
  });
});
