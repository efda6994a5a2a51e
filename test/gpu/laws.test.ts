import { openGpu } from "@kinship/tensor/gpu";
import { allPrimitives } from "@kinship/tensor/primitives";
import { afterAll, describe, expect, test } from "vitest";
import { named } from "../laws/samples.js";
import { checkForward, checkGradient, refused } from "./laws.js";

for (const backend of ["webassembly", "javascript"] as const)
  describe(`a primitive on a device (${backend}) is the evaluated one`, async () => {
    const device = await openGpu({ backend });
    afterAll(() => device.close());
    for (const primitive of allPrimitives())
      for (const [k, sample] of primitive.samples.entries()) {
        test(named(primitive, k), async () => {
          const why = await checkForward(device, primitive, sample, 2e-6);
          expect(why !== undefined, why).toBe(refused(primitive));
        });
        test(`${named(primitive, k)}: its gradient`, () => checkGradient(device, primitive, sample, 1e-5));
      }
  });
