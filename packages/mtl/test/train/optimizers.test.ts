import { add, div, mapLeaves } from "@kinship/tensor";
import { expect, test } from "vitest";
import { adam, averaging, lbfgs, onPlateau, predictTasks, sgd, type TrainOptions, train } from "../../src/index.js";
import { bits, distance, zip } from "../support/gradients.js";
import { simple } from "./problem.js";

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
