import {
  crossValidate,
  crossValidateLearned,
  crossValidateLinear,
  elasticNet,
  fitLearned,
  fitLinearByCrossValidation,
  fitPath,
  grid,
  identityKinship,
  meanKinship,
  type RunControl,
  traceNorm,
} from "@kinship/mtl";
import { describe, expect, test } from "vitest";
import { randomTasks } from "./support.js";

const tasks = randomTasks({ tasks: 4, rows: 16, features: 3 });
const kinship = identityKinship();

describe.each<[string, (control: RunControl) => Promise<unknown>]>([
  ["crossValidate", (control) => crossValidate({ tasks, kinship: meanKinship(), ...control })],
  ["crossValidateLinear", (control) => crossValidateLinear({ tasks, regularizer: traceNorm(), ...control })],
  ["crossValidateLearned", (control) => crossValidateLearned({ tasks, kinship, ...control })],
  ["fitLinearByCrossValidation", (control) => fitLinearByCrossValidation({ tasks, regularizer: grid({ ratio: [0.2, 0.8] }, elasticNet), ...control })], // biome-ignore format: one line
  ["fitPath", (control) => fitPath({ tasks, regularizer: traceNorm(), lambdas: 8, ...control })],
  ["fitLearned", (control) => fitLearned({ tasks, kinship, lambda: 1, ...control })],
])("%s", (_, work) => {
  test("says how far it is", async () => {
    const steps: { done: number; total: number }[] = [];
    await work({ onProgress: ({ done, total }) => steps.push({ done, total }) });
    expect(steps.length).toBeGreaterThan(2);
    for (const { done, total } of steps) expect(done <= total && done >= 0).toBe(true);
  });

  test("ends with the signal's reason when it is told to on the way", async () => {
    const controller = new AbortController();
    let steps = 0;
    const ended = work({
      signal: controller.signal,
      onProgress: () => ++steps === 3 && controller.abort(new Error("enough")),
    });
    await expect(ended).rejects.toThrow("enough");
    expect(steps).toBe(3);
  });
});
