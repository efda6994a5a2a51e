import { describe, expect, test } from "vitest";
import { adam, sgd, type TrainOptions, train } from "../../src/index.js";
import { bits } from "../support/gradients.js";
import { simple } from "./problem.js";

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
