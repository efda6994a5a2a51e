import { normal, randomKey, sum, type Tensor, take, tensor } from "@kinship/tensor";
import { describe, expect, test } from "vitest";
import { meanInterval, studentQuantile } from "../../src/deep/student.js";
import {
  activation,
  adam,
  avgPool1dLayer,
  batchNorm,
  binary,
  cgc,
  clustering,
  compareTraining,
  conv1dLayer,
  conv2dLayer,
  createObjective,
  crossStitch,
  type Dataset,
  dense,
  dropout,
  dselectK,
  evaluateTasks,
  film,
  flattenLayer,
  foldRows,
  globalAveragePool,
  gridOf,
  hardSharing,
  layerNorm,
  loadModel,
  logUniform,
  maxPool1dLayer,
  maxPool2dLayer,
  mmoe,
  mtan,
  multiclass,
  multiTaskModel,
  oneOf,
  ple,
  predictTasks,
  randomChoices,
  regression,
  reshapeLayer,
  residual,
  saveModel,
  searchTraining,
  sequential,
  sgd,
  sharedRows,
  singleTaskObjective,
  softSharing,
  splitRows,
  train,
} from "../../src/index.js";
import { bits, distance } from "../support/gradients.js";
import { everything, rows, simple } from "../train/problem.js";

const trainedSimple = async (steps = 40) => {
  const { objective, data } = simple();
  return train({ objective, data, steps, batchSize: 8, optimizer: adam({ learningRate: 0.05 }) });
};

describe("predictions", () => {
  test("are in the labels' units, and good where the task is easy", async () => {
    const trained = await trainedSimple(400);
    const { data } = simple();
    const { price } = evaluateTasks(trained, data);
    expect(price!.r2).toBeGreaterThan(0.9);
    const predicted = predictTasks(trained, data.price!.x).price!.toTypedArray();
    const actual = data.price!.y!.toTypedArray();
    const close = [...actual].filter((y, k) => Math.abs(y - predicted[k]!) < 1.5).length;
    expect(close).toBeGreaterThan(0.8 * [...actual].filter((y) => !Number.isNaN(y)).length);
  });

  test("of many rows are those of each row alone", async () => {
    const trained = await trainedSimple();
    const x = normal(randomKey(9), [600, 4]);
    const all = predictTasks(trained, x).price!;
    const few = predictTasks(trained, { price: take(x, [0, 255, 256, 599]) });
    expect(Object.keys(few)).toEqual(["price"]);
    expect(distance(take(all, [0, 255, 256, 599]), few.price)).toBeLessThan(1e-6);
  });

  test("of another task, or of inputs of another shape, are refused", async () => {
    const trained = await trainedSimple(1);
    expect(() => predictTasks(trained, { cost: normal(randomKey(1), [2, 4]) })).toThrow('there is no task "cost"');
    expect(() => predictTasks(trained, normal(randomKey(1), [2, 5]))).toThrow(
      "found inputs [2, 5], expected [rows, 4]",
    );
  });
});

describe("a saved model", () => {
  const image = [reshapeLayer([1, 2, 2]), conv2dLayer(2, 2, { name: "filters" }), maxPool2dLayer(2)];
  const flat = sequential([dense(3), batchNorm(), activation("relu"), residual(dense(3)), layerNorm(), dropout(0.1)]);
  const stage = { first: dense(3), second: dense(3), carry: dense(2) };
  test.each([
    ["images", hardSharing(sequential([...image, globalAveragePool()]))],
    [
      "series",
      hardSharing(
        sequential([
          reshapeLayer([2, 2]),
          conv1dLayer(2, 2),
          maxPool1dLayer(2, { stride: 1, padding: "same" }),
          avgPool1dLayer(2),
          flattenLayer(),
        ]),
      ),
    ],
    ["every plain layer", softSharing(flat, { sameStart: false })],
    ["cross-stitch", crossStitch([dense(3), dense(2)], { own: 0.7 })],
    ["mmoe", mmoe(flat, { experts: 2 })],
    ["cgc", cgc(dense(3), { shared: 1, own: 2 })],
    [
      "ple",
      ple([
        { expert: dense(3), shared: 1, own: 1 },
        { expert: dense(2), shared: 1, own: 1 },
      ]),
    ],
    ["mtan", mtan([stage, stage], { hidden: 2 })],
    ["dselect-k", dselectK(dense(3), { experts: 4, selected: 2, gamma: 0.5 })],
    ["film", film([dense(3)], { price: [1, 0], sold: [0, 1], kind: [1, 1], group: [0, 0] })],
  ])("predicts the same bits: %s", async (_, encoder) => {
    const heads = { price: dense(1), sold: dense(1), kind: dense(3), group: dense(2) };
    const model = multiTaskModel({
      input: [4],
      encoder,
      heads,
      parents: { sold: "price" },
    });
    const tasks = {
      price: regression({ loss: "absolute" }),
      sold: binary({ positiveWeight: 2 }),
      kind: { kind: multiclass({ classes: 3, labelSmoothing: 0.1 }), weight: 0.5 },
      group: clustering({ clusters: 2 }),
    };
    const { price, sold, kind, group } = rows(30, 1);
    const data = { price: price!, sold: sold!, kind: kind!, group: group! };
    const trained = await train({
      objective: createObjective({ model, tasks }),
      data,
      steps: 3,
      batchSize: 8,
      optimizer: adam({ learningRate: 0.01 }),
    });
    const bytes = saveModel(trained);
    const loaded = loadModel(bytes);
    const x = rows(7, 4).price!.x;
    expect(bits(predictTasks(loaded, x))).toEqual(bits(predictTasks(trained, x)));
    expect(saveModel(loaded)).toEqual(bytes);
    expect([...loaded.objective.weights.toTypedArray()]).toEqual([1, 1, 0.5, 1]);
  });

  test("with a layer of one's own needs its constructor", async () => {
    const own = { ...activation("relu"), name: "twice", description: { layer: "twice" } };
    const model = multiTaskModel({ input: [4], encoder: hardSharing(own), heads: { price: dense(1) } });
    const objective = createObjective({ model, tasks: { price: regression() } });
    const trained = await train({
      objective,
      data: { price: rows(9, 1).price! },
      steps: 1,
      optimizer: sgd({ learningRate: 0.1 }),
    });
    expect(() => loadModel(saveModel(trained))).toThrow(
      'loadModel: no layer is named "twice"; pass its constructor to loadModel',
    );
    const loaded = loadModel(saveModel(trained), { layers: { twice: () => own } });
    expect(loaded.objective.model.encoder.output).toEqual([4]);
  });

  test("is refused where the bytes are a checkpoint, damaged, or none", async () => {
    let checkpoint = new Uint8Array();
    const { objective, data } = simple();
    const trained = await train({
      objective,
      data,
      steps: 1,
      optimizer: sgd({ learningRate: 0.1 }),
      checkpoint: {
        save: (b) => {
          checkpoint = new Uint8Array(b);
        },
      },
    });
    expect(() => loadModel(checkpoint)).toThrow('expected a model ("kinship model 1"), found "kinship checkpoint 1"');
    const bytes = saveModel(trained);
    for (const length of [0, 7, 100, bytes.length - 1])
      expect(() => loadModel(bytes.slice(0, length))).toThrow("loadModel: these");
  });
});

describe("comparison with single tasks", () => {
  test("gives single tasks the same steps and the same rows a step", async () => {
    const { objective, data } = simple();
    const seen: Record<string, number[]> = {};
    const spy = {
      ...regression(),
      loss: (graded: Parameters<ReturnType<typeof regression>["loss"]>[0]) => {
        const key = String(graded.output.shape[0]);
        seen[key] = [...(seen[key] ?? []), 1];
        return regression().loss(graded);
      },
    };
    const own = createObjective({ model: objective.model, tasks: { price: spy, discount: spy } });
    const two: Dataset = { price: rows(20, 1).price!, discount: rows(10, 2).discount! };
    await compareTraining({
      objective: own,
      data: two,
      test: data,
      steps: 5,
      batchSize: 12,
      seeds: [0],
      optimizer: sgd({ learningRate: 0.1 }),
      // So that every call is seen.
      wrap: (f) => f,
    });
    // Together 8 rows of price and 4 of discount, five times; alone the same again.
    expect({ eight: seen["8"]!.length, four: seen["4"]!.length }).toEqual({ eight: 10, four: 10 });
  });

  test("reports gains whose sign and interval follow from the runs", async () => {
    const { objective, data } = simple();
    const { train: fit, test: held } = splitRows(data, { test: 0.3, seed: 1 });
    const found = await compareTraining({
      objective,
      data: fit,
      test: held,
      epochs: 5,
      batchSize: 8,
      optimizer: adam({ learningRate: 0.02 }),
    });
    for (const { multi, single, gain, verdict, measure } of Object.values(found.tasks)) {
      expect(measure).toBe("r2");
      expect(gain).toEqual(
        meanInterval(
          multi.map((m, k) => m - single[k]!),
          0.95,
        ),
      );
      expect(verdict).toBe(gain.low > 0 ? "helped" : gain.high < 0 ? "hurt" : "unclear");
    }
    // Of regressions, by how much of the squared error of learning alone is gone.
    const { multi, single } = found.measures;
    const relative = [0, 1, 2].map((s) => {
      const part = (task: string) => 1 - multi[s]![task]!.mse! / single[s]![task]!.mse!;
      return 50 * (part("price") + part("discount"));
    });
    expect(found.deltaM.mean).toBeCloseTo((relative[0]! + relative[1]! + relative[2]!) / 3, 9);
  });

  test("single-task objectives keep head and kind, and drop what ties tasks", () => {
    const single = singleTaskObjective(everything(), "kind");
    expect([single.tasks, single.penalties.length, single.weights.get(0)]).toEqual([["kind"], 0, 0.5]);
    expect(() => singleTaskObjective(everything(), "x")).toThrow('there is no task "x"');
  });
});

test("Student's quantiles are those of the tables", () => {
  // Two-sided 95 % and 99 %.
  for (const [confidence, degrees, t] of [
    [0.95, 1, 12.706],
    [0.95, 2, 4.303],
    [0.95, 10, 2.228],
    [0.99, 5, 4.032],
    [0.95, 1000, 1.962],
  ] as const)
    expect(studentQuantile(confidence, degrees)).toBeCloseTo(t, 3);
  expect(meanInterval([1], 0.95).low).toBeNaN();
  const { mean, low, high } = meanInterval([1, 2, 3], 0.95);
  expect([mean, (low + high) / 2]).toEqual([2, 2]);
  expect(high - 2).toBeCloseTo(4.303 / Math.sqrt(3), 3);
});

describe("parts of rows", () => {
  const data = sharedRows(tensor([[0], [1], [2], [3], [4], [5]]), { a: tensor([0, 1, 2, 3, 4, 5]), b: undefined });

  test("keep rows and labels together, and tasks that share rows share them still", () => {
    for (const part of Object.values(splitRows(data, { test: 0.3, seed: 2 }))) {
      expect(part.a!.x).toBe(part.b!.x);
      expect(sum(part.a!.x).item()).toBe(sum(part.a!.y!).item());
    }
  });

  test("test and training rows, and the folds, each hold every row once", () => {
    const values = (x: Tensor) => [...x.toTypedArray()];
    const { train: fit, test: held } = splitRows(data, { test: 0.3, seed: 2 });
    expect([...values(fit.a!.y!), ...values(held.a!.y!)].sort()).toEqual([0, 1, 2, 3, 4, 5]);
    expect(held.a!.y!.size).toBe(2);
    const folds = foldRows(data, { folds: 3, seed: 1 });
    expect(folds.flatMap(({ validation }) => values(validation.a!.y!)).sort()).toEqual([0, 1, 2, 3, 4, 5]);
    for (const { train: fit, validation } of folds)
      expect([...values(fit.a!.y!), ...values(validation.a!.y!)].sort()).toEqual([0, 1, 2, 3, 4, 5]);
    expect(() => foldRows(data, { folds: 7 })).toThrow("6 rows cannot be spread over 7 folds");
  });
});

describe("search", () => {
  test("a grid is every combination; random choices keep to their space and their seed", () => {
    expect(gridOf({ a: [1, 2], b: ["x", "y"] })).toEqual([
      { a: 1, b: "x" },
      { a: 1, b: "y" },
      { a: 2, b: "x" },
      { a: 2, b: "y" },
    ]);
    const space = { rate: logUniform(1e-4, 1e-1), width: oneOf(8, 16) };
    const drawn = randomChoices(space, { count: 200, seed: 1 });
    expect(randomChoices(space, { count: 200, seed: 1 })).toEqual(drawn);
    for (const { rate, width } of drawn) expect(rate >= 1e-4 && rate <= 1e-1 && [8, 16].includes(width)).toBe(true);
    // The median of the logarithm is the middle: 100 of 200 ± five standard deviations.
    expect(Math.abs(drawn.filter(({ rate }) => rate < 10 ** -2.5).length - 100)).toBeLessThan(36);
  });

  test("finds a learning rate that learns, and ranks one that diverges last", async () => {
    const { objective, data } = simple(30);
    const results = await searchTraining({
      choices: gridOf({ learningRate: [1e-5, 0.05, 1e6] }),
      options: ({ learningRate }) => ({ objective, epochs: 10, batchSize: 8, optimizer: sgd({ learningRate }) }),
      data,
      folds: 3,
    });
    expect(results.map(({ choice }) => choice.learningRate)).toEqual([0.05, 1e-5, 1e6]);
    expect(results[0]!.perFold.length).toBe(3);
    expect(results[2]!.mean).toBeGreaterThan(1e3);
  });

  test("scores the parameters that were kept: the best epoch's where training may go back, else the last's", async () => {
    const { objective, data } = simple(30);
    const histories: number[][] = [];
    const results = await searchTraining({
      choices: gridOf({ patience: [100, 0] }),
      options: ({ patience }) => ({
        ...{ objective, epochs: 60, batchSize: 8, optimizer: adam({ learningRate: 0.1 }) },
        ...(patience > 0 && { earlyStopping: { patience } }),
        onEpoch: ({ epoch, validation }) => {
          if (epoch === 1) histories.push([]);
          histories.at(-1)!.push(validation!.total);
        },
      }),
      data,
      folds: 2,
    });
    const found = (wanted: number) => results.find(({ choice }) => choice.patience === wanted)!.perFold;
    expect(found(100)).toEqual(histories.slice(0, 2).map((totals) => Math.min(...totals)));
    expect(found(0)).toEqual(histories.slice(2).map((totals) => totals.at(-1)!));
    expect(found(100)).not.toEqual(found(0));
  });
});
