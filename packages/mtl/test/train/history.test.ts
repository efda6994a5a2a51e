import { describe, expect, test } from "vitest";
import { excessMtl, gramianAffinity, moCo, sgd, type TrainOptions, train, upGrad } from "../../src/index.js";
import { bits } from "../support/gradients.js";
import { eager, simple } from "./problem.js";

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
