import { describe, expect, test } from "vitest";
import { fiveMethods, readSchool, schoolFolder } from "../../../../examples/school.js";

const folder = schoolFolder();

/** Published: K-norm to the mean 100.9, L2,1 104.6, MTRL 102.7 to 103.2, MTL-FEAT 102.1, trace norm 101.6. */
const asked: Record<string, { readonly mse: number; readonly nmse?: number; readonly residual: number }> = {
  "K-norm": { mse: 100.9, residual: 1e-12 },
  "L2,1": { mse: 104.7, residual: 1e-6 },
  MTRL: { mse: 102.8, residual: 1e-6 },
  "MTL-FEAT": { mse: 102.2, residual: 1e-6 },
  "trace norm": { mse: 101.7, nmse: 0.7535, residual: 1e-6 },
};

describe.skipIf(folder === null)("School, ten published splits (skipped where the data are not)", () => {
  test("five methods, λ chosen on training rows", async () => {
    const data = readSchool(folder!);
    expect(data.splits.length).toBe(10);
    const methods = await fiveMethods(data);
    expect(methods.map(({ method }) => method)).toEqual(Object.keys(asked));
    for (const { method, mse, nmse, residual } of methods) {
      const most = asked[method]!;
      expect(mse, method).toBeLessThanOrEqual(most.mse);
      expect(nmse, method).toBeLessThanOrEqual(most.nmse ?? Number.POSITIVE_INFINITY);
      expect(residual, method).toBeLessThanOrEqual(most.residual);
    }
  }, 300_000);
});
