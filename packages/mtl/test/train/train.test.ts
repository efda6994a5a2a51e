import { mul, normal, randomKey, sub, sum } from "@kinship/tensor";
import { expect, test } from "vitest";
import {
  activation,
  createObjective,
  dense,
  hardSharing,
  kNormOverTrunks,
  meanKinship,
  multiTaskModel,
  regression,
  sgd,
  softSharing,
  type TrainOptions,
  train,
} from "../../src/index.js";
import { distance } from "../support/gradients.js";
import { eager, full } from "./problem.js";

test("compiled and eager training agree to rounding", async () => {
  // Not Adam: it makes steps of full size from a gradient that is nothing but rounding, as that of a bias before batch norm.
  const options: TrainOptions = { ...full(), dtype: "float64", optimizer: sgd({ learningRate: 0.15, momentum: 0.9 }) };
  const compiled = await train(options);
  const slow = await train({ ...options, wrap: eager });
  expect(distance(compiled.parameters, slow.parameters)).toBeLessThan(1e-9);
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
