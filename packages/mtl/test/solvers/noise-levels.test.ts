import {
  createRandom,
  fitKNorm,
  fitLinear,
  fitNoiseLevels,
  jointFeatures,
  type LabelledTask,
  type LinearModel,
  meanKinship,
  mtlFeat,
  poisson,
  ridge,
} from "@kinship/mtl";
import { describe, expect, test } from "vitest";

const noises = [0.1, 0.1, 0.5, 0.5, 3, 3, 3, 3];

/** Tasks near common weights, each with noise of its own. */
function draw(seed: number, rows = 25): { tasks: LabelledTask[]; truth: number[][] } {
  const random = createRandom(seed);
  // The sum of twelve even draws: variance 1.
  const normal = () => Array.from({ length: 12 }, random).reduce((sum, value) => sum + value, -6);
  const common = [2, -1, 0.5, 0];
  const truth = noises.map(() => common.map((value) => value + 0.2 * normal()));
  const tasks = noises.map((noise, t) => {
    const x = Array.from({ length: rows }, () => common.map(normal));
    const y = x.map((row) => row.reduce((sum, value, j) => sum + value * truth[t]![j]!, 1) + noise * normal());
    return { name: `t${t}`, x, y };
  });
  return { tasks, truth };
}

const fits: readonly [string, (tasks: readonly LabelledTask[]) => LinearModel][] = [
  ["the K-norm", (tasks) => fitKNorm({ tasks, kinship: meanKinship(), lambda: 20, intercept: "free" })],
  ["joint features", (tasks) => fitLinear({ tasks, regularizer: jointFeatures(), lambda: 5, tolerance: 1e-10 })],
  ["MTL-FEAT", (tasks) => fitLinear({ tasks, regularizer: mtlFeat(), lambda: 0.3, tolerance: 1e-10 })],
];

describe.each(fits)("task weights learned by noise level, with %s", (name, fit) => {
  test("recover planted levels, and never raise the joint objective", () => {
    const { tasks } = draw(1, 60);
    const { deviations, weights, objectives, converged, remedy } = fitNoiseLevels({ tasks, fit });
    expect([converged, remedy]).toEqual([true, null]);
    for (let k = 1; k < objectives.length; k++) {
      expect(objectives[k]).toBeLessThanOrEqual(objectives[k - 1]! + 1e-8 * Math.abs(objectives[k - 1]!));
    }
    // The prior of 4 rows of the common noise, of 2.1, weighs on the least.
    for (const [t, noise] of noises.entries()) {
      const expected = Math.sqrt((60 * noise ** 2 + 4 * 2.1 ** 2) / 64);
      expect(deviations[t]! / expected).toBeGreaterThan(0.75);
      expect(deviations[t]! / expected).toBeLessThan(1.35);
    }
    expect(Math.min(weights[0]!, weights[1]!)).toBeGreaterThan(4 * Math.max(...weights.slice(4)));
  });

  test("are where the joint objective is stationary", () => {
    const { tasks } = draw(2);
    const { model, weights, deviations } = fitNoiseLevels({ tasks, fit, tolerance: 1e-10, rounds: 2000 });
    const common = deviations[0]! ** 2 * weights[0]!;
    const objective = (alphas: Float64Array) => {
      const { objective } = fit(tasks.map((task, t) => ({ ...task, weight: alphas[t]! })));
      return objective + common * alphas.reduce((sum, a) => sum + 4 * a - (25 + 4) * Math.log(a), 0);
    };
    const least = objective(weights);
    expect(fit(tasks.map((task, t) => ({ ...task, weight: weights[t]! }))).weights).toEqual(model.weights);
    for (const t of [0, 3, 7]) {
      for (const factor of [0.97, 1.03]) {
        const nudged = weights.map((a, k) => (k === t ? a * factor : a));
        expect(objective(nudged)).toBeGreaterThan(least - 1e-9 * Math.abs(least));
      }
    }
  });

  if (name === "the K-norm") {
    test("bring weights nearer to the truth than equal ones", () => {
      let [learned, equal] = [0, 0];
      for (let seed = 0; seed < 10; seed++) {
        const { tasks, truth } = draw(10 + seed);
        const error = ({ weights }: LinearModel) =>
          truth.flat().reduce((sum, value, k) => sum + (weights[k]! - value) ** 2, 0);
        learned += error(fitNoiseLevels({ tasks, fit }).model);
        equal += error(fit(tasks));
      }
      expect(learned).toBeLessThan(0.8 * equal);
    });
  }
});

describe("hard cases", () => {
  const { tasks } = draw(3);
  const fit = fits[0]![1];

  test("a task that is fitted exactly has a finite weight; targets without noise leave all at 1", () => {
    const single = { name: "one row", x: [[1, 2, 3, 4]], y: [5] };
    const { weights, converged } = fitNoiseLevels({ tasks: [...tasks, single], fit });
    expect(converged).toBe(true);
    expect(weights.every((a) => a > 0 && a < 100)).toBe(true);
    const silent = tasks.map((task) => ({ ...task, y: (task.y as number[]).map(() => 0) }));
    const still = fitNoiseLevels({ tasks: silent, fit });
    expect([still.converged, ...still.weights]).toEqual([true, ...tasks.map(() => 1)]);
  });

  test("rows without a label, and of no weight, do not count; a task's own weight is kept", () => {
    const byLinear = (given: readonly LabelledTask[]) =>
      fitLinear({ tasks: given, regularizer: ridge(), lambda: 2, tolerance: 1e-12 });
    const half = (y: readonly number[]) => y.map((value, i) => (i % 2 === 0 ? value : Number.NaN));
    const holes = tasks.map((task) => ({ ...task, weight: 2, y: half(task.y as number[]) }));
    const zeros = tasks.map((task) => ({ ...task, weight: 2, sampleWeights: (task.y as number[]).map((_, i) => 1 - (i % 2)) })); // biome-ignore format: one line
    const kept = tasks.map(({ name, x, y }) => ({ name, weight: 2, x: (x as number[][]).filter((_, i) => i % 2 === 0), y: (y as number[]).filter((_, i) => i % 2 === 0) })); // biome-ignore format: one line
    const [a, b, c] = [holes, zeros, kept].map((given) => fitNoiseLevels({ tasks: given, fit: byLinear }));
    for (const [t, value] of c!.weights.entries()) {
      expect(a!.weights[t]).toBeCloseTo(value, 6);
      expect(b!.weights[t]).toBeCloseTo(value, 6);
    }
  });

  test("says where it did not converge, and what is refused", () => {
    const { converged, remedy } = fitNoiseLevels({ tasks, fit, rounds: 2 });
    expect(converged).toBe(false);
    expect(remedy).toMatch(/more rounds/);
    expect(() => fitNoiseLevels({ tasks, fit, priorRows: 0 })).toThrow(/priorRows must be a finite number > 0, not 0/);
    const counts = tasks.map((task) => ({ ...task, y: (task.y as number[]).map((value) => Math.round(value ** 2)) }));
    const byCounts = (given: readonly LabelledTask[]) => fitLinear({ tasks: given, loss: poisson(), regularizer: ridge(), lambda: 1 }); // biome-ignore format: one line
    expect(() => fitNoiseLevels({ tasks: counts, fit: byCounts })).toThrow(/squared errors, not of the poisson loss/);
  });
});
