import {
  adam,
  binary,
  createObjective,
  dense,
  hardSharing,
  multiTaskModel,
  type Progress,
  regression,
  type StepEvent,
  sharedRows,
  type TrainOptions,
  train,
} from "@kinship/mtl";
import { normal, randomKey, tensor } from "@kinship/tensor";
import { expect, test } from "vitest";

function options(): TrainOptions {
  const x = normal(randomKey(1), [400, 6]);
  const rows = x.toArray() as number[][];
  return {
    objective: createObjective({
      model: multiTaskModel({
        input: [6],
        encoder: hardSharing(dense(32, { activation: "tanh" })),
        heads: { level: dense(1), sign: dense(1) },
      }),
      tasks: { level: regression(), sign: binary() },
    }),
    data: sharedRows(x, {
      level: tensor(rows.map(([a, b]) => a! - b!)),
      sign: tensor(rows.map(([a]) => Number(a! > 0))),
    }),
    epochs: 60,
    optimizer: adam({ learningRate: 0.01 }),
  };
}

test("a page stays alive while it trains, and is told how far it is", async () => {
  let turns = 0;
  const clock = setInterval(() => turns++, 5);
  const progress: Progress[] = [];
  const steps: StepEvent[] = [];
  // Not compiled: slow enough that the page would stand still.
  const { history } = await train({
    ...options(),
    wrap: (f) => f,
    onProgress: (event) => progress.push(event),
    onStep: (event) => steps.push(event),
  });
  clearInterval(clock);
  expect(turns).toBeGreaterThan(3);
  expect(history.length).toBe(60);
  expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: 60 * 13 }, (_, k) => k + 1));
  expect(progress.at(-1)).toEqual({ stage: "training", done: 780, total: 780 });
  expect(history.at(-1)!.losses.level).toBeLessThan(0.1 * history[0]!.losses.level!);
});

test("compiled it learns the same, and a button stops it", async () => {
  const { history } = await train(options());
  expect(history.at(-1)!.losses.level).toBeLessThan(0.1 * history[0]!.losses.level!);
  const button = new AbortController();
  // A click is an event: it is only seen because training hands the thread back.
  setTimeout(() => button.abort(new Error("stopped by the button")), 10);
  await expect(train({ ...options(), epochs: 100_000, signal: button.signal })).rejects.toThrow(
    "stopped by the button",
  );
});
