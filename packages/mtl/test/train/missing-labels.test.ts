import { normal, randomKey, tensor } from "@kinship/tensor";
import { describe, expect, test } from "vitest";
import {
  adam,
  type Balancer,
  balancers,
  createObjective,
  dense,
  gramianAffinity,
  hardSharing,
  type LossBalancer,
  multiTaskModel,
  predictTasks,
  regression,
  sgd,
  sharedRows,
  type TrainOptions,
  train,
} from "../../src/index.js";

/** Four tasks on the same rows; one has a label in every twelfth row, so that most batches have none of it. */
function problem(): TrainOptions {
  const x = normal(randomKey(1), [72, 3]);
  const label = (every: number, f: (row: number[]) => number) =>
    tensor((x.toArray() as number[][]).map((row, k) => (k % every === 0 ? f(row) : Number.NaN)));
  const data = sharedRows(x, {
    often: label(1, ([a]) => a!),
    seldom: label(12, ([a, b]) => b! - a!),
    third: label(1, ([, b]) => 2 * b!),
    fourth: label(2, ([, , c]) => c!),
  });
  const tasks = Object.keys(data);
  const model = multiTaskModel({
    input: [3],
    encoder: hardSharing(dense(4, { activation: "tanh" })),
    heads: Object.fromEntries(tasks.map((task) => [task, dense(1)])),
  });
  const objective = createObjective({ model, tasks: Object.fromEntries(tasks.map((task) => [task, regression()])) });
  return { objective, data, steps: 40, batchSize: 6, optimizer: adam({ learningRate: 0.02 }), dtype: "float64" };
}

/** Notes what it is told, and weighs all alike. */
function listening(told: number[][]): LossBalancer {
  return {
    kind: "losses",
    name: "listening",
    needs: {},
    start: () => ({}),
    weigh: (state, losses) => {
      told.push([...Array.from(losses)]);
      return { state, weights: new Float64Array(losses.length).fill(1), value: 0 };
    },
  };
}

describe("batches without a label of a task", () => {
  test.each(Object.entries(balancers) as [string, () => Balancer][])("are no obstacle to %s", async (_, make) => {
    const trained = await train({ ...problem(), balancer: make() });
    expect(trained.steps).toBe(40);
    for (const predicted of Object.values(predictTasks(trained, normal(randomKey(2), [5, 3]))))
      expect(predicted.toTypedArray().every(Number.isFinite)).toBe(true);
  });

  test("a balancer hears the loss that the task had last; at first, the mean of the others'", async () => {
    const told: number[][] = [];
    const seen: number[][] = [];
    await train({
      ...problem(),
      balancer: listening(told),
      onStep: ({ losses }) => void seen.push(Object.values(losses)),
    });
    expect(seen.some(([, seldom]) => Number.isNaN(seldom))).toBe(true);
    let last: number | undefined;
    seen.forEach(([often, seldom, third, fourth], step) => {
      if (Number.isNaN(seldom)) expect(told[step]![1]).toBeCloseTo(last ?? (often! + third! + fourth!) / 3, 12);
      else expect(told[step]![1]).toBe(seldom);
      last = told[step]![1];
    });
  });

  test("do not count in the mean loss of an epoch", async () => {
    const seen: number[] = [];
    const { history } = await train({
      ...problem(),
      steps: 12,
      onStep: ({ losses }) => void seen.push(losses.seldom!),
    });
    const known = seen.filter((loss) => !Number.isNaN(loss));
    expect(known.length).toBeLessThan(12);
    expect(history[0]!.losses.seldom).toBeCloseTo(known.reduce((a, b) => a + b, 0) / known.length, 12);
  });

  test("resume to the same bits", async () => {
    const saved: Uint8Array[] = [];
    const options = { ...problem(), balancer: balancers.dynamicWeightAverage() };
    const whole = await train({
      ...options,
      checkpoint: { save: (bytes) => void saved.push(bytes), everySteps: 7 },
    });
    for (const bytes of saved) {
      const resumed = await train({ ...options, resume: bytes });
      expect(resumed.history).toEqual(whole.history);
    }
  });
});

test("an affinity to a task without a gradient is 0", () => {
  expect([...gramianAffinity([4, 0, 0, 0], [2, 0])]).toEqual([2, 0, 0, 0]);
});

test("training that a step of FAMO makes diverge says so as any other", async () => {
  const { objective, data } = problem();
  const run = train({
    objective,
    data,
    epochs: 200,
    balancer: balancers.famo(),
    optimizer: sgd({ learningRate: 1e4 }),
  });
  await expect(run).rejects.toMatchObject({ name: "NotFiniteError", lastGood: expect.anything() });
});
