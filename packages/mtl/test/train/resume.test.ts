import { tensor } from "@kinship/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { adam, famo, gradVac, lbfgs, moCo, type TrainOptions, train } from "../../src/index.js";
import { eager, full, signature, simple } from "./problem.js";

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
