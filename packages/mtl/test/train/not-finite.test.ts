import { log, mean, mul, square, type Tensor, tensor } from "@kinship/tensor";
import { describe, expect, test, vi } from "vitest";
import {
  batchNorm,
  createObjective,
  dense,
  dropout,
  hardSharing,
  kNormOverHeads,
  multiTaskModel,
  NotFiniteError,
  onPlateau,
  predictTasks,
  regression,
  sequential,
  sgd,
  type TaskKind,
  type TrainOptions,
  train,
} from "../../src/index.js";
import { bits } from "../support/gradients.js";
import { rows, simple } from "./problem.js";

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
