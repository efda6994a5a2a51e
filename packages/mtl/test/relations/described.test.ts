import {
  createRandom,
  createTable,
  crossValidateLinear,
  describedKinship,
  descriptorKinship,
  deserialize,
  fitKNorm,
  fitLearned,
  fitLinear,
  gaussianKernel,
  identityKinship,
  kinshipMatrix,
  kNorm,
  linearKernel,
  logistic,
  predictTask,
  serialize,
} from "@kinship/mtl";
import { describe, expect, test } from "vitest";

const random = createRandom(5);
const draw = () => random() + random() + random() - 1.5;
const names = Array.from({ length: 24 }, (_, t) => `t${t}`);
const heights = names.map(() => 3 + 2 * draw());
const colours = names.map((_, t) => ["red", "blue"][t % 2]!);
const weightsOf = (height: number, colour: string) => [1 + height, colour === "red" ? 2 : -1];
const tasks = names.map((name, t) => {
  const x = Array.from({ length: 4 }, () => [draw(), draw()]);
  const w = weightsOf(heights[t]!, colours[t]!);
  return { name, x, y: x.map((row) => row[0]! * w[0]! + row[1]! * w[1]! + 0.05 * draw()) };
});
const tableOf = (keys: readonly string[], height: readonly number[], colour: readonly string[]) =>
  createTable([
    { name: "task", values: [...keys] },
    { name: "height", values: [...height] },
    { name: "colour", values: [...colour] },
  ]);
const table = tableOf(names, heights, colours);
const kinship = describedKinship({ table, key: "task" });
const more = tableOf(["new"], [4], ["red"]);

const standardised = (values: readonly number[]) => {
  const mean = values.reduce((sum, value) => sum + value / values.length, 0);
  const scale = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2 / values.length, 0));
  return values.map((value) => (value - mean) / scale);
};

test.each([
  [{ name: "linear" }, linearKernel],
  [{ name: "gaussian", width: 0.7 }, gaussianKernel(0.7)],
] as const)("ties tasks by a kernel of standardised columns over the root of their number: %o", (kernel, of) => {
  const columns = [standardised(heights), standardised(colours.map((colour) => Number(colour === "red")))];
  const descriptors = new Map(names.map((name, t) => [name, columns.map((column) => column[t]! / Math.SQRT2)]));
  const expected = kinshipMatrix(descriptorKinship({ descriptors, kernel: of, own: 0.3 }).kinship(names));
  const found = kinshipMatrix(describedKinship({ table, key: "task", kernel, own: 0.3 })(names));
  for (const [at, value] of expected.entries()) expect(found[at]).toBeCloseTo(value, 9);
});

describe("a model with descriptors", () => {
  const options = { tasks, kinship, lambda: 0.05, intercept: "none" } as const;
  const x = [
    [1, 0],
    [0, 1],
  ];

  test("is saved to the bit, and gives weights to a task never seen: those of the Gaussian prior", () => {
    const model = fitKNorm(options);
    const again = deserialize(serialize(model));
    expect(again).toEqual(model);
    const found = predictTask(again, "new", x, { descriptors: more });
    const truth = weightsOf(4, "red");
    for (const k of [0, 1]) expect(Math.abs(found[k]! - truth[k]!)).toBeLessThan(0.15);
    // A table that described the task already when the model was fitted says the same.
    const all = tableOf([...names, "new"], [...heights, 4], [...colours, "red"]);
    const known = fitKNorm({ ...options, kinship: describedKinship({ table: all, key: "task" }) });
    expect(Array.from(predictTask(known, "new", x))).toEqual(Array.from(found, (value) => expect.closeTo(value, 9)));
  });

  test("whether relations are learned from it, or other losses and penalties are fitted", async () => {
    const { model } = await fitLearned(options);
    const labelled = tasks.map((task) => ({ ...task, y: task.y.map((value) => Number(value > 0)) }));
    const classifier = fitLinear({ ...options, tasks: labelled, loss: logistic(), regularizer: kNorm(kinship) });
    for (const fitted of [model, classifier]) {
      const again = deserialize(serialize(fitted));
      expect(again).toEqual(fitted);
      const [a, b] = predictTask(again, "new", x, { descriptors: more });
      const [c, d] = predictTask(again, "new", x, { descriptors: tableOf(["new"], [0], ["blue"]) });
      expect(a! > c! && b! > d!).toBe(true);
    }
  });

  test("leaves out one task after another: each is predicted by its descriptors", async () => {
    const regularizer = [kNorm(kinship), kNorm(describedKinship({ table, key: "task", columns: ["colour"] }))];
    const folds = { kind: "tasks" } as const;
    const settings = { tasks, folds, lambdas: [0.05], intercept: "none" } as const;
    const { path, regularizer: chosen } = await crossValidateLinear({ ...settings, regularizer });
    expect(chosen).toBe(regularizer[0]);
    expect(path[0]!.error).toBeLessThan(0.1 * path[1]!.error);
    let total = 0;
    for (const held of tasks) {
      const model = fitKNorm({ ...options, tasks: tasks.filter((task) => task !== held) });
      for (const [i, value] of predictTask(model, held.name, held.x).entries()) total += (value - held.y[i]!) ** 2;
    }
    expect(path[0]!.error).toBeCloseTo(total / (4 * tasks.length), 5);
    const blind = crossValidateLinear({ ...settings, regularizer: kNorm(identityKinship()) });
    await expect(blind).rejects.toThrow(/says nothing of task/);
  });

  test("says what it lacks", () => {
    const model = fitKNorm(options);
    expect(() => predictTask(model, "new", x)).toThrow(
      /not fitted on task "new", and nothing describes it; give its row of the columns task, height, colour in descriptors/,
    );
    const without = createTable([{ name: "task", values: ["new"] }, { name: "height", values: [1] }]); // biome-ignore format: one line
    expect(() => predictTask(model, "new", x, { descriptors: without })).toThrow(/no column "colour"/);
    expect(() => describedKinship({ table, key: "task" })(["t0", "other"])).toThrow(/describes task "other"/);
    expect(() => describedKinship({ table, key: "name" })(names)).toThrow(/no column "name"/);
    expect(() => describedKinship({ table, key: "task", own: 0 })(names)).toThrow(/own must be a finite number > 0/);
  });

  test.each<[string, (text: string) => string, RegExp]>([
    [
      "an unknown kernel",
      (text) => text.replace('{"name":"linear"}', '{"name":"cubic"}'),
      /kernel\.name must be one of "linear"/,
    ],
    ["a width of 0", (text) => text.replace('{"name":"linear"}', '{"name":"gaussian","width":0}'), /width must be > 0/],
    [
      "too few values",
      (text) => text.replace(/"values":\[[^,]*,/, '"values":['),
      /descriptors\.values must be a list of 48/,
    ],
    [
      "a task that is not described",
      (text) => text.replace(/("descriptors":.*)"t3"/, '$1"t99"'),
      /descriptors\.tasks must be a list that has every task/,
    ],
  ])("saved with %s is refused", (_, damage, message) => {
    const text = serialize(fitKNorm(options));
    expect(damage(text)).not.toBe(text);
    expect(() => deserialize(damage(text))).toThrow(message);
  });
});
