import { grad } from "@kinship/autodiff";
import { randomKey, tensor } from "@kinship/tensor";
import { describe, expect, test } from "vitest";
import {
  balancers,
  createObjective,
  dense,
  equalWeighting,
  famo,
  fixedWeighting,
  type GramianBalancer,
  gradVac,
  hardSharing,
  moCo,
  multiTaskModel,
  regression,
  sgd,
  type TrainOptions,
  train,
  upGrad,
} from "../../src/index.js";
import { createDraw } from "../../src/train/batches.js";
import { fitScalings, prepare } from "../../src/train/data.js";
import { taskGradients as perTask } from "../../src/train/task-gradients.js";
import { distance } from "../support/gradients.js";
import { eager, rows, simple } from "./problem.js";

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
