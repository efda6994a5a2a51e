import { grad } from "@kinship/autodiff";
import {
  add,
  div,
  log,
  mapLeaves,
  mean,
  mul,
  normal,
  transpose as permute,
  randomKey,
  square,
  sub,
  sum,
  type Tensor,
  tensor,
  zeros,
} from "@kinship/tensor";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import {
  activation,
  adam,
  averaging,
  balancers,
  batchNorm,
  createObjective,
  dense,
  dropout,
  equalWeighting,
  excessMtl,
  famo,
  fixedWeighting,
  type GramianBalancer,
  gradVac,
  gramianAffinity,
  hardSharing,
  kNormOverHeads,
  kNormOverTrunks,
  type Layer,
  lbfgs,
  meanKinship,
  moCo,
  multiTaskModel,
  NotFiniteError,
  type Objective,
  onPlateau,
  predictTasks,
  regression,
  sequential,
  sgd,
  softSharing,
  type TaskKind,
  type TrainOptions,
  train,
  upGrad,
  type Wrap,
} from "../../src/index.js";
import { createDraw } from "../../src/train/batches.js";
import { fitScalings, prepare, takeRows } from "../../src/train/data.js";
import { taskGradients as perTask } from "../../src/train/task-gradients.js";
import { bits, distance, zip } from "../support/gradients.js";
import { everything, rows, simple } from "./problem.js";

/** Operation by operation, where a test looks at each or compares. */
const eager: Wrap = (f) => f;
const signature = (trained: Awaited<ReturnType<typeof train>>) => ({
  bits: bits({ parameters: trained.parameters, layers: trained.layers }),
  history: trained.history,
  stopped: trained.stopped,
});
const full = (): TrainOptions => ({
  objective: everything(),
  data: rows(40, 1),
  validation: rows(20, 2),
  epochs: 4,
  batchSize: 12,
  optimizer: adam({ learningRate: 0.01 }),
  seed: 3,
});

describe("the same options give the same bits", () => {
  test("twice, and other bits for another seed", async () => {
    const first = signature(await train(full()));
    expect(signature(await train(full()))).toEqual(first);
    expect(signature(await train({ ...full(), seed: 4 })).bits).not.toEqual(first.bits);
  });
});

describe("killed at any moment, training resumes to the same bits", () => {
  const variants: [string, Partial<TrainOptions>][] = [
    ["the sum of losses", {}],
    ["clipped, stopping early", { clipNorm: 0.5, earlyStopping: { patience: 1 } }],
    ["gradVac, which remembers similarities", { balancer: gradVac() }],
    ["moCo, which remembers gradients", { balancer: moCo() }],
    ["lbfgs, which remembers steps", { optimizer: lbfgs({ memory: 3 }) }],
    ["operation by operation", { wrap: eager }],
  ];
  test.each(variants)(
    "%s",
    async (_, more) => {
      const saved: Uint8Array[] = [];
      const options = { ...full(), ...more };
      const whole = signature(
        await train({ ...options, checkpoint: { save: (bytes) => void saved.push(bytes), everySteps: 1 } }),
      );
      expect(saved.length).toBeGreaterThan(8);
      const picks = fc.sample(fc.nat(saved.length - 1), { numRuns: 6, seed: 11 });
      for (const pick of picks) {
        const resumed = await train({ ...options, resume: saved[pick]! });
        expect(signature(resumed)).toEqual(whole);
      }
    },
    60_000,
  );

  test("famo, which looks at losses after the step", async () => {
    const { objective, data } = simple();
    const saved: Uint8Array[] = [];
    const options: TrainOptions = {
      objective,
      data,
      steps: 9,
      batchSize: 8,
      optimizer: adam({ learningRate: 0.01 }),
      balancer: famo(),
    };
    const whole = signature(
      await train({ ...options, checkpoint: { save: (bytes) => void saved.push(bytes), everySteps: 1 } }),
    );
    for (const bytes of saved) expect(signature(await train({ ...options, resume: bytes }))).toEqual(whole);
  });

  test("aborted: rejects with the reason after a last checkpoint", async () => {
    const whole = signature(await train(full()));
    const controller = new AbortController();
    let last: Uint8Array | undefined;
    const aborted = train({
      ...full(),
      signal: controller.signal,
      checkpoint: {
        save: (bytes) => {
          last = bytes;
        },
        everySteps: 1000,
      },
      onStep: ({ step }) => void (step === 5 && controller.abort(new Error("enough"))),
    });
    await expect(aborted).rejects.toThrow("enough");
    expect(signature(await train({ ...full(), resume: last! }))).toEqual(whole);
  });

  test("refuses a checkpoint of other settings, a damaged one, and other bytes, saying why", async () => {
    let last: Uint8Array = new Uint8Array();
    await train({
      ...full(),
      epochs: 1,
      checkpoint: {
        save: (bytes) => {
          last = bytes;
        },
      },
    });
    await expect(train({ ...full(), seed: 9, resume: last })).rejects.toThrow(
      "resume: seed was 3 when the checkpoint was written and is 9 now",
    );
    const changed = { ...full().data };
    const [task] = Object.keys(changed).filter((name) => changed[name]!.y?.dimension === 1);
    const { x, y } = changed[task!]!;
    const labels = y!.toTypedArray().slice();
    labels[3] = labels[3] === 1 ? 0 : 1;
    changed[task!] = { x, y: tensor(labels) };
    await expect(train({ ...full(), data: changed, resume: last })).rejects.toThrow(
      "resume: the data's fingerprint was",
    );
    await expect(train({ ...full(), resume: last.slice(0, last.length - 1) })).rejects.toThrow("resume: these");
    await expect(train({ ...full(), resume: new Uint8Array(3) })).rejects.toThrow("resume: these 3 bytes are not");
  });
});

test("compiled and eager training agree to rounding", async () => {
  // Not Adam: it makes steps of full size from a gradient that is nothing but rounding, as that of a bias before batch norm.
  const options: TrainOptions = { ...full(), dtype: "float64", optimizer: sgd({ learningRate: 0.15, momentum: 0.9 }) };
  const compiled = await train(options);
  const slow = await train({ ...options, wrap: eager });
  expect(distance(compiled.parameters, slow.parameters)).toBeLessThan(1e-9);
});

describe("the memory that steps write to", () => {
  const given = { weights: tensor([[1], [2], [3], [4]]), bias: tensor([0.5]) };
  const objectiveOf = (trunk: Layer) =>
    createObjective({
      model: multiTaskModel({
        input: [4],
        encoder: hardSharing(trunk),
        heads: { price: activation("identity"), discount: activation("identity") },
      }),
      tasks: { price: regression(), discount: regression() },
    });
  const options = (objective: Objective, wrap?: Wrap): TrainOptions => ({
    objective,
    data: simple().data,
    steps: 6,
    batchSize: 5,
    optimizer: sgd({ learningRate: 0.15, momentum: 0.9 }),
    ...(wrap && { wrap }),
  });

  test.each([undefined, eager])("is not that of parameters that a layer was given (%s)", async (wrap) => {
    const pretrained: Layer = { ...dense(1), initialise: () => ({ parameters: given, state: {} }) };
    const before = bits(given);
    const trained = await train(options(objectiveOf(pretrained), wrap));
    expect(bits(given)).toEqual(before);
    expect(distance(trained.parameters.model.shared, given)).toBeGreaterThan(0.1);
  });

  test("is not that of inputs that a layer remembers", async () => {
    const remembered: Tensor[] = [];
    const trunk: ReturnType<typeof dense> = {
      ...dense(1),
      initialise: (...input) => ({ ...dense(1).initialise(...input), state: { last: zeros([5, 4]) } }),
      apply(parameters, x, context) {
        remembered.push((context.state as { last: Tensor }).last);
        return { ...dense(1).apply(parameters, x, context), state: { last: x } };
      },
    };
    const compiled = await train(options(objectiveOf(trunk)));
    remembered.length = 0;
    const slow = await train(options(objectiveOf(trunk), eager));
    expect(bits(slow.layers)).toEqual(bits(compiled.layers));
    // Each step finds what the one before was given, and none of them was written over since.
    expect(remembered.length).toBe(6);
    expect(new Set(remembered.map(String)).size).toBe(6);
  });

  test("is not that of the bytes that training goes on from", async () => {
    const saved: Uint8Array[] = [];
    const own = {
      ...options(simple().objective),
      checkpoint: { save: (b: Uint8Array) => void saved.push(b), everySteps: 2 },
    };
    await train(own);
    const before = saved[0]!.slice();
    await train({ ...own, resume: saved[0]! });
    expect(saved[0]).toEqual(before);
  });
});

test("L-BFGS on all rows ends far below Adam after as many steps, and resumes within a search to the same bits", async () => {
  const { objective, data } = simple();
  const options = { objective, data, batchSize: 24, steps: 60 };
  const totalOf = ({ history }: Awaited<ReturnType<typeof train>>) =>
    history.at(-1)!.losses.price! + history.at(-1)!.losses.discount!;
  const saved: Uint8Array[] = [];
  const checkpoint = { save: (bytes: Uint8Array) => void saved.push(bytes), everySteps: 1 };
  const trained = await train({ ...options, optimizer: lbfgs(), checkpoint });
  const adams = await Promise.all(
    [0.003, 0.01, 0.03, 0.1].map((learningRate) => train({ ...options, optimizer: adam({ learningRate }) })),
  );
  for (const other of adams) expect(totalOf(trained)).toBeLessThan(totalOf(other) / 3);
  for (const at of [0, 7, 30, 58]) {
    const resumed = await train({ ...options, optimizer: lbfgs(), resume: saved[at]! });
    expect(bits(resumed.parameters)).toEqual(bits(trained.parameters));
    expect(bits(resumed.optimizer)).toEqual(bits(trained.optimizer));
  }
  const other = train({ ...options, optimizer: lbfgs({ memory: 4 }), resume: saved[7]! });
  await expect(other).rejects.toThrow('optimizer was "lbfgs of 10 steps"');
});

test("what the optimizer remembers is given too: the mean of the parameters after each step", async () => {
  const { objective, data } = simple();
  const options: TrainOptions = {
    ...{ objective, data, batchSize: 8, dtype: "float64" },
    steps: 5,
    optimizer: averaging(sgd({ learningRate: 0.05 }), { decay: 0.9 }),
  };
  const saved: Uint8Array[] = [];
  const trained = await train({ ...options, checkpoint: { save: (bytes) => void saved.push(bytes), everySteps: 2 } });
  const each = [];
  for (let steps = 1; steps <= 5; steps++) each.push((await train({ ...options, steps })).parameters);
  const total = each.map((p) => p.model.shared).reduce((a, b) => zip(a, b, (x, y) => add(x, y)));
  const mean = mapLeaves("test", total, (leaf) => div(leaf, 5));
  const { average } = trained.optimizer.slots;
  expect(distance(average!.model.shared, mean)).toBeLessThan(1e-12);
  // It predicts, in place of the last parameters, and resumes to the same bits.
  const x = data.price!.x;
  expect(predictTasks({ ...trained, parameters: average! }, x).price!.shape).toEqual([24, 1]);
  const resumed = await train({ ...options, resume: saved[0]! });
  expect(bits(resumed.optimizer)).toEqual(bits(trained.optimizer));
});

test.each([true, false])("the learning rate falls on a plateau of the loss (validation: %s)", async (validates) => {
  const { objective, data } = simple();
  const still = onPlateau(sgd({ learningRate: 1e-12 }), { patience: 2, factor: 0.5 });
  const options: TrainOptions = {
    ...{ objective, data, epochs: 8, batchSize: 24, optimizer: still, dtype: "float64" },
    ...(validates && { validation: simple(10).data }),
  };
  const saved: Uint8Array[] = [];
  const trained = await train({ ...options, checkpoint: { save: (bytes) => void saved.push(bytes) } });
  // The first epoch is the best; after each three that are no better the rate is halved.
  expect(trained.optimizer.plateau!.factor.item()).toBe(0.25);
  const { validation, losses } = trained.history[0]!;
  expect(trained.optimizer.plateau!.best.item()).toBe(validation?.total ?? losses.price! + losses.discount!);
  for (const bytes of saved)
    expect(bits((await train({ ...options, resume: bytes })).optimizer)).toEqual(bits(trained.optimizer));
});

describe("early stopping", () => {
  test("goes back to the best epoch", async () => {
    const { objective, data } = simple();
    const options: TrainOptions = {
      objective,
      data,
      validation: simple(10).data,
      epochs: 200,
      batchSize: 8,
      optimizer: adam({ learningRate: 0.05 }),
      earlyStopping: { patience: 3 },
    };
    const trained = await train(options);
    expect(trained.stopped).toBe("early");
    const totals = trained.history.map(({ validation }) => validation!.total);
    const best = totals.indexOf(Math.min(...totals));
    expect(trained.history.length).toBe(best + 1 + 3);
    expect(trained.kept).toBe(best + 1);
    const again = await train({ ...options, epochs: best + 1 });
    expect(bits(again.parameters)).toEqual(bits(trained.parameters));
    expect(again.kept).toBe(best + 1);
  });

  test("takes whole numbers of epochs, and checkpoints whole numbers of steps", async () => {
    const { objective, data } = simple();
    const options = { objective, data, validation: data, epochs: 1, optimizer: sgd({ learningRate: 0.1 }) };
    for (const patience of [0, -1, 1.5, Number.NaN])
      await expect(train({ ...options, earlyStopping: { patience } })).rejects.toThrow(
        `train: earlyStopping.patience must be a whole number of at least 1, not ${patience}`,
      );
    await expect(train({ ...options, checkpoint: { save: () => {}, everySteps: 0 } })).rejects.toThrow(
      "train: checkpoint.everySteps must be a whole number of at least 1, not 0",
    );
  });

  test("needs validation rows", async () => {
    const { objective, data } = simple();
    await expect(
      train({ objective, data, epochs: 1, optimizer: sgd({ learningRate: 0.1 }), earlyStopping: { patience: 1 } }),
    ).rejects.toThrow("earlyStopping needs validation rows");
  });
});

describe("a number that is not finite", () => {
  const broken = (loss: (output: Tensor) => Tensor): TaskKind => ({
    ...regression(),
    loss: ({ output }) => loss(output),
  });
  const model = multiTaskModel({
    input: [4],
    encoder: hardSharing(dense(3)),
    heads: { good: dense(1), bad: dense(1) },
  });
  const data = () => ({ good: rows(16, 1).price!, bad: rows(16, 1).discount! });

  test("stops with the step, the task and the operation that made it", async () => {
    const objective = createObjective({
      model,
      tasks: { good: regression(), bad: broken((z) => mean(log(mul(square(z), -1)))) },
    });
    let last: Uint8Array | undefined;
    const checkpoint = {
      save: (bytes: Uint8Array) => {
        last = bytes;
      },
    };
    const run = train({ objective, data: data(), epochs: 1, optimizer: sgd({ learningRate: 0.1 }), checkpoint });
    const error = (await run.catch((reason: unknown) => reason)) as NotFiniteError;
    expect(error).toBeInstanceOf(NotFiniteError);
    expect([error.step, error.task, error.operation]).toEqual([0, "bad", "log"]);
    expect(error.message).toContain('train, step 0: task "bad" is the first that is not finite: log of [16, 1] from -');
    expect(last).toBeInstanceOf(Uint8Array);
  });

  test("diverging training names the step, and the last checkpoint is finite", async () => {
    const objective = createObjective({ model, tasks: { good: regression(), bad: regression() } });
    const saved: Uint8Array[] = [];
    const checkpoint = { save: (bytes: Uint8Array) => void saved.push(bytes), everySteps: 1000 };
    const options: TrainOptions = {
      objective,
      data: data(),
      epochs: 500,
      optimizer: sgd({ learningRate: 50 }),
      checkpoint,
    };
    const error = (await train(options).catch((reason: unknown) => reason)) as NotFiniteError;
    expect(error).toBeInstanceOf(NotFiniteError);
    expect(error.operation).not.toBeNull();
    for (const predicted of Object.values(predictTasks(error.lastGood!, data().good.x)))
      expect(predicted.toTypedArray().every(Number.isFinite)).toBe(true);
    // What was saved is the state before the step that failed: from it, the same step fails again.
    expect(saved.length).toBe(1);
    const again = (await train({ ...options, resume: saved[0]! }).catch((reason: unknown) => reason)) as NotFiniteError;
    expect([again.step, again.task, again.operation]).toEqual([error.step, error.task, error.operation]);
  });

  test.each([
    ["from the start", 0, false],
    ["from a copy on the way", 600, false],
    ["from a checkpoint", 0, true],
    ["from a copy after a checkpoint", 600, true],
  ])("leaves the state before the step, %s, to the bit", async (_, milliseconds, isResumed) => {
    const kinds = { good: regression(), bad: regression() };
    const trunk = sequential([dense(3), batchNorm(), dropout(0.1)]);
    const heads = { good: dense(1), bad: dense(1) };
    const own = createObjective({
      model: multiTaskModel({ input: [4], encoder: hardSharing(trunk), heads }),
      tasks: kinds,
      penalties: [kNormOverHeads({ tasks: ["good", "bad"], lambda: 0.1, kinship: "learned" })],
    });
    const saved: Uint8Array[] = [];
    const options: TrainOptions = {
      ...{ objective: own, data: data(), batchSize: 8, steps: 10_000 },
      // Which is changed between epochs, and not by a step.
      optimizer: onPlateau(sgd({ learningRate: 0.15, momentum: 0.9 }), { patience: 0, factor: 0.9, tolerance: 1 }),
      checkpoint: { save: (bytes) => void saved.push(bytes), everySteps: 3 },
    };
    // A clock that is asked at least once a step: so many milliseconds pass from one time to the next.
    let now = 0;
    const clock = vi.spyOn(performance, "now").mockImplementation(() => {
      now += milliseconds;
      return now;
    });
    try {
      const fail = async (more: Partial<TrainOptions>) =>
        (await train({ ...options, ...more }).catch((reason: unknown) => reason)) as NotFiniteError;
      let error = await fail({});
      expect(error).toBeInstanceOf(NotFiniteError);
      expect(error.step).toBeGreaterThan(6);
      if (isResumed) error = await fail({ resume: saved[0]! });
      const { checkpoint: _, ...quiet } = options;
      const { parameters, layers } = await train({ ...quiet, steps: error.step });
      expect(bits(error.lastGood!.parameters)).toEqual(bits(parameters));
      expect(bits(error.lastGood!.layers)).toEqual(bits(layers));
    } finally {
      clock.mockRestore();
    }
  });

  test("in the inputs is refused with the task, the row and the column", async () => {
    const { objective } = simple();
    const x = tensor([
      [1, 2, 3, 4],
      [5, Number.NaN, 7, 8],
    ]);
    const y = tensor([1, 2]);
    const run = train({
      objective,
      data: { price: { x, y }, discount: { x, y } },
      epochs: 1,
      optimizer: sgd({ learningRate: 0.1 }),
    });
    await expect(run).rejects.toThrow('task "price", row 1, column 1: the input is NaN');
  });
});

/** As many tasks as the robust methods need. */
function problemOfFour() {
  const { price, discount } = rows(24, 5);
  const names = ["a", "b", "c", "d"];
  const model = multiTaskModel({
    input: [4],
    encoder: hardSharing(dense(3, { activation: "tanh" })),
    heads: Object.fromEntries(names.map((name) => [name, dense(1)])),
  });
  const tasks = Object.fromEntries(names.map((name) => [name, regression()]));
  return { objective: createObjective({ model, tasks }), data: { a: price!, b: discount!, c: price!, d: discount! } };
}

describe("balancing", () => {
  const { objective, data } = simple();
  const options: TrainOptions = {
    objective,
    data,
    steps: 6,
    batchSize: 8,
    optimizer: sgd({ learningRate: 0.05 }),
    dtype: "float64",
  };

  test.each(Object.entries(balancers))("%s trains", async (_, create) => {
    const { data: four, objective: ofFour } = problemOfFour();
    const trained = await train({ ...options, objective: ofFour, data: four, steps: 8, balancer: create() });
    const { losses } = trained.history.at(-1)!;
    for (const loss of Object.values(losses)) expect(Number.isFinite(loss)).toBe(true);
  });

  test.each([
    ["upGrad", upGrad],
    ["gradVac", gradVac],
    ["moCo", moCo],
    ["famo", famo],
  ])("%s, compiled, agrees to rounding", async (_, create) => {
    const slow = await train({ ...options, balancer: create(), wrap: eager });
    const compiled = await train({ ...options, balancer: create() });
    expect(distance(compiled.parameters, slow.parameters)).toBeLessThan(1e-10);
  });

  test("weights of 1, by losses or by gradients, are no balancing", async () => {
    const plain = await train(options);
    const ones: GramianBalancer = {
      kind: "gramian",
      name: "ones",
      needs: {},
      start: () => ({}),
      weigh: (state) => ({ state, weights: Float64Array.of(1, 1), residual: 0 }),
    };
    for (const balancer of [equalWeighting({ reduction: "sum" }), fixedWeighting([1, 1]), ones])
      expect(distance((await train({ ...options, balancer })).parameters, plain.parameters)).toBeLessThan(1e-12);
  });

  test("fixed weights are the objective's own weights", async () => {
    const own = createObjective({
      model: objective.model,
      tasks: { price: { kind: regression(), weight: 0.3 }, discount: { kind: regression(), weight: 2 } },
    });
    const [weighted, fixed] = [
      await train({ ...options, objective: own }),
      await train({ ...options, balancer: fixedWeighting([0.3, 2]) }),
    ];
    expect(distance(weighted.parameters, fixed.parameters)).toBeLessThan(1e-12);
  });
});

describe("what the history tells", () => {
  test("the weights of each step, their means over an epoch, and how gradients stand to each other", async () => {
    const { objective, data } = simple();
    const seen: number[] = [];
    const options: TrainOptions = {
      objective,
      data,
      epochs: 2,
      batchSize: 8,
      optimizer: sgd({ learningRate: 0.05 }),
      dtype: "float64",
      balancer: upGrad(),
      trackGradients: true,
      onStep: ({ weights }) => void seen.push(weights!.price!),
    };
    const { history, parameters, layers } = await train(options);
    const half = seen.length / 2;
    for (const [epoch, { weights }] of history.entries()) {
      const own = seen.slice(epoch * half, (epoch + 1) * half);
      expect(weights!.price).toBeCloseTo(own.reduce((a, b) => a + b, 0) / half, 12);
    }
    const { gramian, losses } = history.at(-1)!.gradients!;
    // Differences along the first task's gradient: D L_j = ⟨∇L_j, ∇L_i⟩.
    expect(gramian.length).toBe(4);
    expect(gramian[1]).toBe(gramian[2]);
    const affinity = gramianAffinity(gramian, losses);
    expect(affinity[1]).toBeCloseTo(gramian[1]! / losses[1]!, 12);
    expect(() => gramianAffinity(gramian, [1])).toThrow("gramianAffinity: a Gramian of 4 numbers for 1 losses");
    // Training itself is not changed by looking.
    const { trackGradients: _, ...blind } = options;
    expect(bits((await train(blind)).parameters)).toEqual(bits(parameters));
    expect(layers).toBeDefined();
  });

  test.each([
    ["excessMtl", excessMtl, 1],
    ["moCo", moCo, 1],
  ] as const)("the weights of %s, which looks at the gradients themselves, too", async (_, make, total) => {
    const { objective, data } = simple();
    const { history } = await train({
      ...{ objective, data, epochs: 2, batchSize: 8, balancer: make() },
      optimizer: sgd({ learningRate: 0.05 }),
    });
    const { price, discount } = history.at(-1)!.weights!;
    expect(price! + discount!).toBeCloseTo(total, 12);
  });

  test("progress after every step, and the page gets its turn", async () => {
    const { objective, data } = simple();
    const done: number[] = [];
    let turns = 0;
    let training = true;
    const others = async () => {
      for (; training; turns++) await new Promise((resolve) => setTimeout(resolve, 0));
    };
    const beside = others();
    const options: TrainOptions = { objective, data, steps: 400, batchSize: 8, optimizer: sgd({ learningRate: 0.01 }) };
    await train({
      ...options,
      // Long enough for several turns.
      wrap: eager,
      onProgress: ({ stage, done: step, total }) => {
        expect([stage, total]).toEqual(["training", 400]);
        done.push(step);
      },
    });
    training = false;
    await beside;
    expect(done).toEqual(Array.from({ length: 401 }, (_, step) => step));
    expect(turns).toBeGreaterThan(1);
  });
});

/** Separate passes over tasks' own rows give what one pass over all rows gives. */
test("per-task gradients are those of each task alone", () => {
  const { objective } = simple();
  const { parameters, state: layers } = objective.initialise(randomKey(2), "float64");
  const optimizer = sgd({ learningRate: 0.1 });
  const own = { price: rows(9, 1).price!, discount: rows(5, 2).discount! };
  const prepared = prepare(objective, own, fitScalings(objective, own), "float64");
  const counts = prepared.map(({ rows: count }) => count);
  const batch = createDraw(
    prepared,
    counts,
  )(counts.map((count) => Int32Array.from({ length: count }, (_, row) => row)));
  const start = { layers, optimizer: optimizer.start(parameters), balance: {}, penalties: [], key: randomKey(5) };
  const found = perTask(objective, { parameters, ...start }, batch, tensor(Float64Array.of(1, 1)));
  const context = { training: true, key: () => randomKey(0), state: layers };
  for (const [t, task] of objective.tasks.entries()) {
    // The whole batch at once, as training without a balancer sees it.
    const gradient = grad((p: typeof parameters) => objective.losses(p, batch, context).losses[task]!)(parameters);
    expect(distance(found.shared[t]!, gradient.model.shared)).toBeLessThan(1e-12);
    expect(distance(found.own.model.tasks[task]!, gradient.model.tasks[task]!)).toBeLessThan(1e-12);
  }
});

test("rows are taken from views whose axes lie in any order", () => {
  const x = permute(
    tensor([
      [
        [1, 2],
        [3, 4],
      ],
      [
        [5, 6],
        [7, 8],
      ],
    ]),
    [0, 2, 1],
  );
  expect(takeRows(x, [1, 0]).toArray()).toEqual([
    [
      [5, 7],
      [6, 8],
    ],
    [
      [1, 3],
      [2, 4],
    ],
  ]);
});

test("soft sharing becomes hard sharing as λ grows: the distance falls in proportion to 1/λ", async () => {
  // Explicit steps of η = 1/λ, as many as make the same time; hard sharing sums over the tasks what soft averages.
  const heads = { a: activation("identity"), b: activation("identity") };
  const x = normal(randomKey(4), [12, 3], { dtype: "float64" });
  const data = { a: { x, y: sum(x, { axis: 1 }) }, b: { x, y: mul(sub(sum(x, { axis: 1 }), 1), -2) } };
  const tasks = { a: regression(), b: regression() };
  const trunk = dense(1, { weights: "glorot" });
  const gap = async (lambda: number) => {
    const steps = lambda;
    const common = { data, steps, batchSize: 24, dtype: "float64" as const };
    const hard = multiTaskModel({ input: [3], encoder: hardSharing(trunk), heads });
    const soft = multiTaskModel({ input: [3], encoder: softSharing(trunk), heads });
    const penalty = kNormOverTrunks({ tasks: ["a", "b"], lambda, kinship: meanKinship({ shrinkage: 0 }) });
    const one = await train({
      ...common,
      objective: createObjective({ model: hard, tasks }),
      optimizer: sgd({ learningRate: 1 / lambda / 2 }),
    });
    const two = await train({
      ...common,
      objective: createObjective({ model: soft, tasks, penalties: [penalty] }),
      optimizer: sgd({ learningRate: 1 / lambda }),
    });
    return distance(two.parameters.model.tasks.a!.encoder, one.parameters.model.shared);
  };
  const [near, far] = [await gap(400), await gap(40)];
  expect(near).toBeLessThan(0.02);
  expect(far / near).toBeGreaterThan(7);
  expect(far / near).toBeLessThan(13);
});

test("tasks with rows of their own train together, each on its own", async () => {
  const { objective } = simple();
  const data = { price: rows(30, 1).price!, discount: rows(9, 2).discount! };
  const trained = await train({ objective, data, epochs: 30, batchSize: 13, optimizer: adam({ learningRate: 0.05 }) });
  const [first, last] = [trained.history[0]!, trained.history.at(-1)!];
  for (const task of ["price", "discount"]) expect(last.losses[task]).toBeLessThan(0.5 * first.losses[task]!);
  expect(trained.steps).toBe(30 * 3);
});
