import { grad } from "@kinship/autodiff";
import {
  abs,
  add,
  leaves,
  mapLeaves,
  mul,
  normal,
  randomKey,
  type Structure,
  sum,
  type Tensor,
  tensor,
} from "@kinship/tensor";
import { describe, expect, test } from "vitest";
import { singleTaskObjective } from "../../src/deep/compare.js";
import {
  adam,
  avgPool2dLayer,
  batchNorm,
  compareTraining,
  conv2dLayer,
  createObjective,
  type Dataset,
  dense,
  evaluateTasks,
  flattenLayer,
  hardSharing,
  type Layer,
  loadModel,
  type ModelOptions,
  mmoe,
  modelSummary,
  multiTaskModel,
  pcGrad,
  predictTasks,
  regression,
  saveModel,
  sequential,
  type TrainOptions,
  train,
} from "../../src/index.js";
import { bits, distance, expectGradient } from "../support/gradients.js";

const context = (state: Structure) => ({ training: true, key: () => randomKey(7), state });
const draw = (shape: readonly number[], seed: number) => normal(randomKey(seed), shape, { dtype: "float64" });

const photos = sequential([conv2dLayer(2, 3, { activation: "tanh" }), avgPool2dLayer(2), flattenLayer(), dense(3)]);
const heads = { age: dense(1), hue: dense(1), price: dense(1), rent: dense(1) };
/** Two tasks on images, one on a table of five columns, one on what the encoder reads itself. */
const options: ModelOptions = {
  input: [3],
  stems: {
    photos: { tasks: ["age", "hue"], input: [1, 4, 4], layer: photos },
    table: { tasks: ["price"], input: [5], layer: dense(3, { activation: "relu" }) },
  },
  encoder: hardSharing(dense(4, { activation: "tanh" })),
  heads,
};
const model = multiTaskModel(options);
const { parameters, state } = model.initialise(randomKey(2), "float64");
const shared = parameters.shared as { encoder: Structure; stems: { photos: Structure } };
const [images, others, table, plain] = [draw([6, 1, 4, 4], 1), draw([2, 1, 4, 4], 2), draw([5, 5], 3), draw([3, 3], 4)];
const apply = (layer: Layer, own: unknown, x: Tensor) => layer.apply(own as Structure, x, context({ ...inner })).output;
const inner = (state as { stems: { photos: Structure } }).stems.photos as Record<string, Structure>;

describe("stems", () => {
  test("each task's output is its head after the trunk after its stem", () => {
    const trunk = dense(4, { activation: "tanh" });
    const after = (task: keyof typeof heads, read: Tensor) =>
      apply(heads[task], parameters.tasks[task]!.head, apply(trunk, shared.encoder, read));
    const { outputs } = model.apply(
      parameters,
      { age: images, hue: others, price: table, rent: plain },
      context(state),
    );
    expect(distance(outputs.age, after("age", apply(photos, shared.stems.photos, images)))).toBeLessThan(1e-14);
    expect(distance(outputs.hue, after("hue", apply(photos, shared.stems.photos, others)))).toBeLessThan(1e-14);
    const columns = apply(options.stems!.table!.layer, parameters.tasks.price!.stem, table);
    expect(distance(outputs.price, after("price", columns))).toBeLessThan(1e-14);
    expect(distance(outputs.rent, after("rent", plain))).toBeLessThan(1e-14);
    // The same rows for both tasks on images.
    const both = model.apply(parameters, { age: images, hue: images }, context(state)).outputs;
    expect(distance(both.age, outputs.age)).toBeLessThan(1e-14);
    expect(Object.keys(both)).toEqual(["age", "hue"]);
  });

  test("are trained: the gradient is that of differences, and of a stem only its own tasks have any", () => {
    const loss = (p: typeof parameters, only?: string) => {
      const { outputs } = model.apply(p, { age: images, hue: others, price: table, rent: plain }, context(state));
      const parts = Object.entries(outputs).filter(([task]) => only === undefined || task === only);
      return parts.map(([, output]) => sum(mul(output, add(output, 1)))).reduce((a, b) => add(a, b));
    };
    expectGradient(loss, parameters);
    const size = (part: unknown) => leaves("size", part).reduce((total, leaf) => total + sum(abs(leaf)).item(), 0);
    const of = (task: string) => grad((p: typeof parameters) => loss(p, task))(parameters) as typeof parameters;
    const stem = (g: typeof parameters) => (g.shared as typeof shared).stems.photos;
    expect(size(stem(of("age")))).toBeGreaterThan(0);
    expect(size(stem(of("price")))).toBe(0);
    expect(size(of("price").tasks.price!.stem)).toBeGreaterThan(0);
    expect(size(of("age").tasks.price!.stem)).toBe(0);
  });

  test("tasks given the same rows may have stems of their own", () => {
    const apart = multiTaskModel({
      input: [2],
      stems: {
        one: { tasks: ["a"], input: [3], layer: dense(2) },
        other: { tasks: ["b"], input: [3], layer: dense(2) },
      },
      encoder: mmoe(dense(2), { experts: 2 }),
      heads: { a: dense(1), b: dense(1) },
    });
    const made = apart.initialise(randomKey(5), "float64");
    const { outputs } = apart.apply(made.parameters, plain, context(made.state));
    const alone = apart.apply(made.parameters, { b: plain }, context(made.state)).outputs;
    expect(distance(outputs.b, alone.b)).toBeLessThan(1e-14);
    expect(distance(outputs.a, outputs.b)).toBeGreaterThan(1e-3);
  });

  test("a child reads its parent's output for its own rows, through its own stem", () => {
    const family = multiTaskModel({ ...options, parents: { price: "rent" } });
    const made = family.initialise(randomKey(5), "float64");
    const moved = mapLeaves("moved", made.parameters.tasks.rent!.head, (leaf) => add(leaf, 1));
    const tasks = { ...made.parameters.tasks, rent: { ...made.parameters.tasks.rent!, head: moved } };
    const output = (p: typeof made.parameters) => family.apply(p, { price: table }, context(made.state)).outputs.price;
    expect(output(made.parameters)!.shape).toEqual([5, 1]);
    expect(distance(output(made.parameters), output({ ...made.parameters, tasks }))).toBeGreaterThan(1e-3);
  });

  test("are in the summary, and every parameter is counted once", () => {
    const text = modelSummary(model, randomKey(1));
    expect(text).toMatch(/stem of photos +\[3\] +47/);
    expect(text).toMatch(/stem of table +\[3\] +18/);
    expect(text).toMatch(/hard sharing +\[4\] +16/);
    expect(text).toMatch(/^101 parameters in all$/m);
  });

  test.each<[string, Partial<ModelOptions>, RegExp]>([
    ["an unknown task", { stems: { s: { tasks: ["cost"], input: [2], layer: dense(3) } } }, /stem "s": there is no task "cost"; the tasks are age/], // biome-ignore format: one line
    ["no task", { stems: { s: { tasks: [], input: [2], layer: dense(3) } } }, /stem "s": it has no task/],
    ["another shape", { stems: { s: { tasks: ["age"], input: [2], layer: dense(4) } } }, /it gives \[4\], and the encoder reads \[3\]/], // biome-ignore format: one line
    ["inputs that do not fit", { stems: { s: { tasks: ["age"], input: [4, 4], layer: photos } } }, /stem "s": .*layer 1 of 4: conv2d: expected \[channels, height, width\]/], // biome-ignore format: one line
    ["two of a task", { stems: { s: { tasks: ["age"], input: [2], layer: dense(3) }, t: { tasks: ["hue", "age"], input: [2], layer: dense(3) } } }, /stem "t": task "age" has the stem "s" already/], // biome-ignore format: one line
  ])("%s: refused", (_, wrong, message) => {
    expect(() => multiTaskModel({ ...options, ...wrong })).toThrow(message);
  });
});

describe("training on images and tables", () => {
  const brightness = (x: Tensor) => (x.toArray() as number[][][][]).map((image) => image[0]!.flat().reduce((a, b) => a + b) / 8); // biome-ignore format: one line
  const column = (x: Tensor) => (x.toArray() as number[][]).map((row) => row[0]! - row[1]!);
  const labelled = (x: Tensor, values: number[]) => ({ x, y: tensor(Float64Array.from(values)) });
  const dataOf = (seed: number): Dataset => {
    const [x, y, z] = [draw([60, 1, 4, 4], seed), draw([48, 5], seed + 1), draw([24, 3], seed + 2)];
    return {
      age: labelled(x, brightness(x)),
      hue: labelled(x, brightness(x).map((value) => 1 - value)), // biome-ignore format: one line
      price: labelled(y, column(y)),
      rent: labelled(z, column(z)),
    };
  };
  const kinds = { age: regression(), hue: regression(), price: regression(), rent: regression() };
  const trainOptions = (own: ModelOptions = options): TrainOptions => ({
    objective: createObjective({ model: multiTaskModel(own), tasks: kinds }),
    data: dataOf(20),
    epochs: 40,
    batchSize: 24,
    optimizer: adam({ learningRate: 0.02 }),
  });

  test("every task is learned, and the model is kept to the bit", async () => {
    const trained = await train(trainOptions());
    const fresh = dataOf(50);
    for (const measures of Object.values(evaluateTasks(trained, fresh))) expect(measures.r2).toBeGreaterThan(0.8);
    const loaded = loadModel(saveModel(trained));
    const inputs = Object.fromEntries(Object.entries(fresh).map(([task, { x }]) => [task, x]));
    expect(bits(predictTasks(loaded, inputs))).toEqual(bits(predictTasks(trained, inputs)));
    expect(() => predictTasks(trained, { price: inputs.age! })).toThrow(
      'predictTasks: task "price": found inputs [60, 1, 4, 4], expected [rows, 5]',
    );
    expect(() => model.apply(parameters, { hue: table }, context(state))).toThrow(
      'apply: task "hue" is given [5, 5], expected [batch, 1, 4, 4]',
    );
  });

  const normed: ModelOptions = {
    ...options,
    stems: { ...options.stems, photos: { ...options.stems!.photos!, layer: sequential([flattenLayer(), batchNorm(), dense(3)]) } }, // biome-ignore format: one line
  };
  test.each<[string, Partial<TrainOptions>, ModelOptions]>([
    ["the sum of losses", {}, options],
    ["a balancer of gradients", { balancer: pcGrad() }, options],
    ["batch norm in a stem", { balancer: pcGrad() }, normed],
  ])("resumes to the same bits: %s", async (_, more, own) => {
    const saved: Uint8Array[] = [];
    const options = { ...trainOptions(own), epochs: 3, ...more };
    const save = (bytes: Uint8Array) => void saved.push(bytes);
    const whole = await train({ ...options, checkpoint: { save, everySteps: 4 } });
    const resumed = await train({ ...options, resume: saved[1]! });
    expect(bits({ ...resumed.parameters, layers: resumed.layers })).toEqual(
      bits({ ...whole.parameters, layers: whole.layers }),
    );
  });

  test("batch norm in a stem sees the rows of all its tasks, however gradients are taken", async () => {
    const { epochs: _, ...rest } = trainOptions(normed);
    const data = { ...dataOf(20), hue: dataOf(30).hue! };
    const once: TrainOptions = { ...rest, data, steps: 1, dtype: "float64" };
    const layers = async (more: Partial<TrainOptions>) => (await train({ ...once, ...more })).layers;
    expect(distance(await layers({ balancer: pcGrad() }), await layers({}))).toBeLessThan(1e-14);
  });

  test("rows of another shape are refused by task", async () => {
    const data = { ...dataOf(20), price: dataOf(20).rent! };
    await expect(train({ ...trainOptions(), data })).rejects.toThrow(
      'task "price": x has shape [24, 3], expected [rows, 5]',
    );
  });

  test("each task alone keeps its stem", async () => {
    const { objective } = trainOptions();
    expect(singleTaskObjective(objective, "hue").model.inputs).toEqual({ hue: [1, 4, 4] });
    expect(singleTaskObjective(objective, "rent").model.inputs).toEqual({ rent: [3] });
    const { tasks } = await compareTraining({ ...trainOptions(), test: dataOf(50), seeds: [0, 1] });
    for (const task of Object.keys(kinds)) for (const run of tasks[task]!.single) expect(run).toBeGreaterThan(0.5);
  });
});
