import type { GpuDevice } from "@kinship/tensor/gpu";
import { expect, test } from "vitest";
import { checkProgram, programs } from "./programs.js";
import { checkTraining } from "./training.js";
import { checkGather, checkKeptKey, checkRandom } from "./words.js";

export interface Extent {
  /** Programs whose arguments have more elements are left out. */
  readonly elements?: number;
  readonly steps: number;
}

/** What holds on every device, whatever language its kernels are in. */
export function everyDevice(device: () => GpuDevice, { elements = Number.POSITIVE_INFINITY, steps }: Extent): void {
  const names = Object.keys(programs).filter((name) => programs[name].args.every(({ size }) => size < elements));
  test.each(names)("a program is what it is on the CPU: %s", (name) => checkProgram(device(), name));
  test("random numbers by key are the same bits", () => checkRandom(device()));
  test("a key that is state keeps its bits", () => checkKeptKey(device()));
  test("entries are gathered and scattered by their numbers", () => checkGather(device()));
  test.each(["perceptron", "convolutional"] as const)(
    `${steps} training steps (%s), whose state is never read back, lower the loss`,
    async (name) => {
      const [first, last] = await checkTraining(device(), name, steps);
      expect(last).toBeLessThan(steps < 100 ? first : first / 2);
    },
  );
}
