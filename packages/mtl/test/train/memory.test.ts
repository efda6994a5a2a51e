import { type Tensor, tensor, zeros } from "@kinship/tensor";
import { describe, expect, test } from "vitest";
import {
  activation,
  createObjective,
  dense,
  hardSharing,
  type Layer,
  multiTaskModel,
  type Objective,
  regression,
  sgd,
  type TrainOptions,
  train,
  type Wrap,
} from "../../src/index.js";
import { bits, distance } from "../support/gradients.js";
import { eager, simple } from "./problem.js";

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
