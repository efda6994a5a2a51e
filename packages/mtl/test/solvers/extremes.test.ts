import {
  type AnyRegularizer,
  clustered,
  crossValidate,
  crossValidateLearned,
  dirty,
  elasticNet,
  fitKNorm,
  fitLearned,
  fitLinear,
  huber,
  InputError,
  identityKinship,
  jointFeatures,
  kNorm,
  type LabelledTask,
  type LinearModel,
  lasso,
  matrixKinship,
  maxNorms,
  meanKinship,
  mtlFeat,
  orderedTasks,
  predictTask,
  ridge,
  sparseLowRank,
  type Task,
  taskNorms,
  traceNorm,
} from "@kinship/mtl";
import { describe, expect, test } from "vitest";
import { randomTasks } from "./support.js";

const base = randomTasks({ tasks: 3, rows: 12, features: 3, seed: 4 });

/** The degree of Ω tells which λ asks the same of the problem at usual sizes. */
const methods: readonly [name: string, degree: 1 | 2, regularizer: () => AnyRegularizer][] = [
  ["ridge", 2, ridge],
  ["k-norm", 2, () => kNorm(meanKinship())],
  ["lasso", 1, lasso],
  ["joint features", 1, jointFeatures],
  ["max norms", 1, maxNorms],
  ["task norms", 1, taskNorms],
  ["trace norm", 1, traceNorm],
  ["mtl-feat", 2, mtlFeat],
  ["clustered", 2, () => clustered({ clusters: 2 })],
  ["dirty", 1, dirty],
  ["sparse + low rank", 1, sparseLowRank],
  ["ordered tasks", 1, orderedTasks],
];

interface Sizes {
  readonly x: number;
  readonly y: number;
  readonly weight: number;
  readonly lambda: number;
}

const sizes = [1e-300, 1e-150, 1e-100, 1e-60, 1e60, 1e100, 1e150, 1e300];
const places: readonly [string, (size: number) => Partial<Sizes>][] = [
  ["inputs", (x) => ({ x })],
  ["targets", (y) => ({ y })],
  ["weights", (weight) => ({ weight })],
  ["λ", (lambda) => ({ lambda })],
  ["inputs and targets", (size) => ({ x: size, y: size })],
  ["targets and λ", (size) => ({ y: size, lambda: size })],
  ["weights and λ", (size) => ({ weight: size, lambda: size })],
];

const resized = ({ x, y, weight }: Sizes): LabelledTask[] =>
  base.map((task) => ({
    ...{ name: task.name, weight },
    x: (task.x as number[][]).map((row) => row.map((value) => value * x)),
    y: (task.y as number[]).map((value) => value * y),
  }));

/** Predictions in units of the targets. */
const predictions = (model: LinearModel, tasks: readonly LabelledTask[], unit: number): number[] =>
  tasks.flatMap(({ name, x }) => Array.from(predictTask(model, name, x), (value) => value / unit));

type Fit = (tasks: readonly LabelledTask[], lambda: number) => LinearModel;

/** An error, a fit that says it did not converge, or the right answer. */
function expectHonest(fit: Fit, degree: 1 | 2, change: Partial<Sizes>): "refused" | "warned" | "right" {
  const size = { x: 1, y: 1, weight: 1, lambda: 1, ...change };
  const tasks = resized(size);
  let model: LinearModel;
  try {
    model = fit(tasks, 2 * size.lambda);
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return "refused";
  }
  if (!model.certificate.converged) {
    expect(model.certificate.remedy).not.toBeNull();
    return "warned";
  }
  const log = (value: number) => Math.log10(value);
  const exponent = log(size.lambda) + degree * (log(size.y) - log(size.x)) - log(size.weight) - 2 * log(size.y);
  // Beyond these the penalty has no say, or the only one.
  const usual = fit(base, 2 * 10 ** Math.min(12, Math.max(-10, exponent)));
  const expected = predictions(usual, base, 1);
  for (const [k, value] of predictions(model, tasks, size.y).entries()) expect(value).toBeCloseTo(expected[k]!, 3);
  return "right";
}

describe.each(places)("%s from 1e-300 to 1e300: an error, a warning, or the right answer", (_, place) => {
  test.each(methods)("%s", (_name, degree, regularizer) => {
    const fit: Fit = (tasks, lambda) =>
      fitLinear({ tasks, regularizer: regularizer(), lambda, tolerance: 1e-8, maxIterations: 4000 });
    for (const size of sizes) expectHonest(fit, degree, place(size));
    // What is far from 1, but not that far, is no reason to refuse.
    for (const size of [1e-15, 1e15]) expect(expectHonest(fit, degree, place(size))).not.toBe("refused");
  });

  test("fitKNorm", () => {
    const fit: Fit = (tasks, lambda) => fitKNorm({ tasks, kinship: meanKinship(), lambda, intercept: "free" });
    for (const size of sizes) expectHonest(fit, 2, place(size));
  });
});

describe("learned relations, and cross-validation: an error, or the right answer", () => {
  const kinship = identityKinship();
  const learn = (tasks: readonly Task[], lambda: number) =>
    fitLearned({ tasks, kinship, lambda, intercept: "free", tolerance: 1e-9 });
  const search = (tasks: readonly Task[]) => crossValidate({ tasks, kinship, intercept: "free", seed: 1 });
  const searchLearned = (tasks: readonly Task[]) =>
    crossValidateLearned({ tasks, kinship, intercept: "free", seed: 1 });

  test.each([1e-60, 1e-30, 1e30, 1e60])("at %s they are scaled", async (size) => {
    const expected = [(await search(base)).mse, (await searchLearned(base)).mse];
    const { model } = await learn(base, 2);
    // Targets scale the weights; inputs, the weights back, and λ.
    for (const change of [{ y: size }, { x: size, y: size }, { weight: size < 1 ? 1e-18 : 1e18 }]) {
      const { x, y, weight } = { x: 1, y: 1, weight: 1, ...change };
      const tasks = resized({ x, y, weight, lambda: 1 });
      const found = await learn(tasks, 2 * x * x * weight);
      expect(found.model.certificate.converged).toBe(true);
      const values = predictions(found.model, tasks, y);
      for (const [k, value] of predictions(model, base, 1).entries()) expect(values[k]).toBeCloseTo(value, 4);
      const errors = [(await search(tasks)).mse, (await searchLearned(tasks)).mse];
      // Errors of learned relations are those of a few rounds.
      for (const [k, error] of errors.entries()) expect(error / y ** 2 / expected[k]!).toBeCloseTo(1, [3, 1][k]);
    }
  });

  test.each([1e-300, 1e-100, 1e100, 1e300])("%s is refused", async (size) => {
    for (const change of [{ x: size }, { y: size }, { weight: size }, { x: 1e-300, y: size }]) {
      const tasks = resized({ x: 1, y: 1, weight: 1, lambda: 1, ...change });
      for (const work of [() => learn(tasks, 2), () => search(tasks), () => searchLearned(tasks)]) {
        await expect(work()).rejects.toThrow(/rescale to about 1|divide all weights and λ by it/);
      }
    }
  });

  test("no λ with a fit is an error", async () => {
    const huge = matrixKinship([[1e200, 0, 0], [0, 1e200, 0], [0, 0, 1e200]]); // biome-ignore format: a matrix
    const work = crossValidate({ tasks: base, kinship: huge, lambdas: [1e120] });
    await expect(work).rejects.toThrow(/no unique minimum at any λ that was tried/);
  });
});

describe("options from 1e-300 to 1e300", () => {
  test.each(sizes)("Huber's threshold, a ratio, a λ of intercepts: %s", (size) => {
    const plain = fitLinear({ tasks: base, regularizer: lasso(), lambda: 2 });
    const tried: [make: () => LinearModel, expected: () => LinearModel][] = [
      [
        () => fitLinear({ tasks: base, loss: huber({ threshold: size }), regularizer: ridge(), lambda: 2 }),
        () =>
          size > 1
            ? fitLinear({ tasks: base, regularizer: ridge(), lambda: 2 })
            : fitLinear({ tasks: base, loss: huber({ threshold: 1e-12 }), regularizer: ridge(), lambda: 1e12 }),
      ],
      [
        () => fitLinear({ tasks: base, regularizer: elasticNet({ ratio: size }), lambda: 2 }),
        () => fitLinear({ tasks: base, regularizer: ridge(), lambda: 2 }),
      ],
      [
        () => fitLinear({ tasks: base, regularizer: lasso(), lambda: 2, lambdaIntercept: size }),
        () => (size < 1 ? plain : fitLinear({ tasks: base, regularizer: lasso(), lambda: 2, intercept: "none" })),
      ],
    ];
    for (const [make, expected] of tried) {
      let model: LinearModel;
      try {
        model = make();
      } catch (error) {
        expect(error).toBeInstanceOf(InputError);
        continue;
      }
      if (!model.certificate.converged) continue;
      const reference = expected();
      for (const [k, value] of reference.weights.entries()) expect(model.weights[k]).toBeCloseTo(value, 3);
    }
  });

  test("a task that weighs next to nothing follows its kin, beside others of usual weight", () => {
    const light = (weight: number) => base.map((task, t) => (t === 0 ? { ...task, weight } : task));
    const fit = (weight: number) => fitLinear({ tasks: light(weight), regularizer: kNorm(meanKinship()), lambda: 2 });
    const expected = fit(1e-12);
    for (const weight of [1e-300, 1e-100]) {
      for (const [k, value] of expected.weights.entries()) expect(fit(weight).weights[k]).toBeCloseTo(value, 6);
    }
    expect(() => fit(1e100)).toThrow(/the largest weight of a row, .* is 1e\+100; divide all weights and λ by it/);
  });
});
