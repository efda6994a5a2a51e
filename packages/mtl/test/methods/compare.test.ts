import {
  applyPipeline,
  type CompareOptions,
  compareModels,
  crossValidateLinear,
  deserialize,
  fitLinear,
  fitPipeline,
  huber,
  logistic,
  meanKinship,
  multinomial,
  poisson,
  predict,
  ridge,
  serialize,
  splitWithinTasks,
  squared,
  suitableMethods,
  tasksFromRows,
} from "@kinship/mtl";
import { describe, expect, test } from "vitest";
import { basedLoss, baseScores } from "../../src/losses/based.js";
import { foldsOfTasks } from "../../src/methods/run.js";
import { drawRows, tableOf, targets } from "./problem.js";

const rows = drawRows();
const settings = { kinship: meanKinship() };

function comparison({ loss, label, labels }: (typeof targets)[number], more: Partial<CompareOptions> = {}) {
  const table = tableOf(rows, label);
  const split = splitWithinTasks(table, { task: "task", test: 0.5, seed: 1 });
  const schema = { task: "task", target: "y", ...(labels && { labels }) };
  return { table, split, schema, found: compareModels({ table, split, schema, loss, ...settings, ...more }) };
}

describe.each(targets.map((target) => [target.loss.name, target] as const))(
  "all methods under the %s loss",
  (_, target) => {
    const methods = suitableMethods(target.loss, settings);
    const { table, found } = comparison(target, { methods });

    test("are fitted, converge, and are ranked by cross-validated error", async () => {
      const { ranking, failed, single, pooled, multi } = await found;
      expect(failed).toEqual([]);
      expect(ranking.map(({ method }) => method).sort()).toEqual([...methods].sort());
      const errors = ranking.map(({ validation }) => validation.error);
      expect(errors).toEqual([...errors].sort((a, b) => a - b));
      expect(multi).toBe(ranking.find((fitted) => fitted !== single && fitted !== pooled));
      for (const { model, validation } of ranking) {
        expect(model.certificate.converged, model.regularizer.name).toBe(true);
        expect(
          validation.path.some(({ lambda, error }) => lambda === validation.lambda && error === validation.error),
        ).toBe(true);
      }
    });

    test("learn something: the best beats a prediction without features", async () => {
      const { ranking, loss, actual } = await found;
      const base = baseScores(loss, actual) ?? [actual.reduce((sum, y) => sum + y / actual.length, 0)];
      const scores = Float64Array.from(base);
      const ours = ranking[0]!.predicted;
      loss.link(scores, 0);
      const { outputs } = loss;
      const share = (of: Float64Array, row: number, y: number) =>
        loss.name === "squared" || loss.name === "poisson"
          ? -Math.abs(of[row * outputs]! - y)
          : outputs === 1
            ? y === 1
              ? of[row]!
              : 1 - of[row]!
            : of[row * outputs + y]!;
      const mean = (of: (row: number) => number) => actual.reduce((sum, _, row) => sum + of(row) / actual.length, 0);
      expect(mean((row) => share(ours, row, actual[row]!))).toBeGreaterThan(
        mean((row) => share(scores, 0, actual[row]!)),
      );
    });

    test("are saved to the bit, and predict the same when read again", async () => {
      for (const { model } of (await found).ranking) {
        const again = deserialize(serialize(model));
        expect(again).toEqual(model);
        expect(predict(again, table)).toEqual(predict(model, table));
      }
    });
  },
);

test("the error in cross-validation is that of fits fold by fold, Poisson's shown as deviance", async () => {
  const target = targets[3]!;
  const { found, table, split, schema } = comparison(target, { methods: ["ridge"], folds: 3, seed: 5 });
  const { multi, single } = await found;
  const pipeline = fitPipeline(table, { ...schema, centred: false }, split.train);
  const tasks = tasksFromRows(applyPipeline(pipeline, table, split.train));
  const y = tasks.map((task) => task.y as Float64Array);
  const base = baseScores(
    poisson(),
    y.flatMap((of) => Array.from(of)),
  )!;
  const foldOf = foldsOfTasks(
    y.map(({ length }) => length),
    3,
    5,
  );
  const { lambda, lambdaIntercept } = multi.validation;
  let deviance = 0;
  let count = 0;
  for (let fold = 0; fold < 3; fold++) {
    const train = tasks.map((task, t) => ({
      ...task,
      y: y[t]!.map((value, i) => (foldOf[t]![i] === fold ? Number.NaN : value)),
    }));
    const model = fitLinear({
      ...{ tasks: train, loss: basedLoss(poisson(), base), regularizer: ridge(), lambda, lambdaIntercept },
      tolerance: 1e-3,
    });
    for (const [t, task] of tasks.entries()) {
      const width = model.features.length;
      const { data: x } = task.x as { data: ArrayLike<number> } & typeof task.x;
      for (const [i, value] of y[t]!.entries()) {
        if (foldOf[t]![i] !== fold) continue;
        let score = base[0]! + model.intercepts[t]!;
        for (let j = 0; j < width; j++) score += model.weights[t * width + j]! * x[i * width + j]!;
        const mean = Math.exp(score);
        deviance += 2 * ((value > 0 ? value * Math.log(value / mean) : 0) - (value - mean));
        count++;
      }
    }
  }
  expect(multi.validation.error).toBeCloseTo(deviance / count, 3);
  // The method `ridge` is the single-task baseline.
  expect(single.validation.error).toBe(multi.validation.error);
  expect(single.model.weights).toEqual(multi.model.weights);
});

test("squared errors: Gram matrices and rows are held out in the same folds", async () => {
  const { found, table, split, schema } = comparison(targets[0]!, {
    methods: ["trace-norm", "k-norm"],
    folds: 4,
    seed: 2,
  });
  const { single, pooled } = await found;
  const tasks = tasksFromRows(applyPipeline(fitPipeline(table, schema, split.train), table, split.train));
  const foldOf = foldsOfTasks(
    tasks.map(({ y }) => (y as Float64Array).length),
    4,
    2,
  );
  for (const { lambda, error } of single.validation.path) {
    const slow = await crossValidateLinear({
      ...{ tasks, regularizer: ridge(), lambdas: [lambda], folds: { kind: "given", foldOf }, tolerance: 1e-10 },
    });
    expect(slow.error).toBeCloseTo(error, 8);
  }
  expect(pooled.validation.folds).toBe(4);
});

test("a refit with the chosen λ is the model; with a large one its weights are less", async () => {
  for (const method of ["k-norm", "learned", "joint-features"] as const) {
    const { multi } = await comparison(targets[0]!, { methods: [method] }).found;
    const { lambda } = multi.validation;
    const [same, less] = [await multi.refit(lambda), await multi.refit(1e4 * lambda)];
    const size = (weights: Float64Array) => Math.hypot(...weights);
    expect(Math.abs(size(same.weights) - size(multi.model.weights))).toBeLessThan(1e-2 * size(multi.model.weights));
    expect(size(less.weights)).toBeLessThan(size(multi.model.weights));
  }
});

describe("bad input is refused, and the message says what and where", () => {
  const [numbers, labels, , counts] = targets as [
    (typeof targets)[0],
    (typeof targets)[0],
    unknown,
    (typeof targets)[0],
  ];
  test.each<[string, () => Promise<unknown>, RegExp]>([
    [
      "a label outside the range",
      () => comparison({ loss: logistic(), label: () => 2 }).found,
      /task "t0", row \d+, column "y" is 2; the logistic loss takes 0 or 1/,
    ],
    [
      "a negative count",
      () => comparison({ loss: poisson(), label: ({ score }) => score }).found,
      /the poisson loss takes a finite number ≥ 0/,
    ],
    [
      "a text without labels",
      () => comparison({ ...labels, labels: ["no", "maybe"] }).found,
      /"yes", none of the labels no, maybe/,
    ],
    [
      "too many labels",
      () => comparison({ ...labels, labels: ["no", "yes", "maybe"] }).found,
      /3 labels of "y", and the logistic loss takes 2/,
    ],
    [
      "a label that no row has",
      () =>
        comparison({ loss: multinomial({ classes: 3 }), label: labels.label, labels: ["no", "yes", "maybe"] }).found,
      /no training row has the label "maybe"/,
    ],
    [
      "learned relations with counts",
      () => comparison(counts, { methods: ["learned"] }).found,
      /"learned" takes squared errors only, not the poisson loss/,
    ],
    [
      "a graph method without a graph",
      () => comparison(numbers, { methods: ["graph-fused"] }).found,
      /"graph-fused" needs edges/,
    ],
    [
      "a loss of one's own",
      () => comparison({ ...numbers, loss: { ...squared(), source: "mine" } }).found,
      /the loss "squared" is not the one of this library/,
    ],
    [
      "an unknown loss",
      () => comparison({ ...numbers, loss: { ...squared(), name: "mine" } }).found,
      /the loss "mine", which is none of/,
    ],
    [
      "one training row a task",
      () =>
        comparison(numbers, {
          methods: ["lasso"],
          split: { train: Int32Array.from([0, 24, 48, 72, 96, 120]), test: Int32Array.from([1, 25]) },
        }).found,
      /no task has two training rows/,
    ],
  ])("%s", async (_, work, message) => {
    await expect(work()).rejects.toThrow(message);
  });

  test("an abort rejects with its reason, during the first and during the last method", async () => {
    for (const stage of ["cross-validation, single-task", "cross-validation, trace norm"]) {
      const controller = new AbortController();
      const { found } = comparison(numbers, {
        methods: ["lasso", "trace-norm"],
        signal: controller.signal,
        onProgress: (step) => step.stage === stage && controller.abort(new Error("enough")),
      });
      await expect(found).rejects.toThrow("enough");
    }
  });
});

test("a method that cannot be fitted is named, and the others go on", async () => {
  const [first] = targets;
  const edges = [["t0", "elsewhere"]] as const;
  const { found } = comparison(first!, { methods: ["graph-fused", "lasso"], edges });
  const { failed, multi } = await found;
  expect(failed).toEqual([
    { method: "graph-fused", reason: expect.stringMatching(/names "elsewhere", which is no task/) },
  ]);
  expect(multi.method).toBe("lasso");
});

test("Huber's loss is fitted where every row of a task starts beyond the threshold", () => {
  const task = {
    name: "far",
    x: [
      [1, 0.5],
      [-1, 0.25],
      [0.5, -1],
      [-0.5, -0.5],
      [0.25, 1],
      [0, 0],
    ],
    y: [101, 99, 100.5, 99.5, 100.25, 100],
  };
  for (const threshold of [0.01, 0.5, 50]) {
    const { certificate, intercepts } = fitLinear({
      tasks: [task],
      loss: huber({ threshold }),
      regularizer: ridge(),
      lambda: 0.3,
    });
    expect(certificate.converged).toBe(true);
    expect(Math.abs(intercepts[0]! - 100)).toBeLessThan(1);
  }
});
