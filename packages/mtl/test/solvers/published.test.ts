import { type AnyRegularizer, jointFeatures, mtlFeat, traceNorm } from "@kinship/mtl";
import { describe, expect, test } from "vitest";
import { readSchool, regularizeOnSplit, schoolFolder, withinError } from "../../../../examples/school.js";

const folder = schoolFolder();

describe.skipIf(folder === null)("School, ten published splits (skipped where the data are not)", () => {
  // Published: 104.6, 102.1 and 101.6.
  test.each<[string, AnyRegularizer, number, number]>([
    ["L2,1", jointFeatures(), 104.7, Number.POSITIVE_INFINITY],
    ["MTL-FEAT", mtlFeat(), 102.2, Number.POSITIVE_INFINITY],
    ["trace norm", traceNorm(), 101.7, 0.7535],
  ])(
    "%s",
    async (_, regularizer, mse, nmse) => {
      const data = readSchool(folder!);
      const count = data.splits.length;
      expect(count).toBe(10);
      let [total, within] = [0, 0];
      for (let split = 0; split < count; split++) {
        const { model, evaluation } = await regularizeOnSplit(data, split, regularizer);
        expect(model.certificate.residual).toBeLessThanOrEqual(1e-6);
        total += evaluation.overall.mse / count;
        within += withinError(evaluation) / count;
      }
      expect(total).toBeLessThanOrEqual(mse);
      expect(within).toBeLessThanOrEqual(nmse);
    },
    300_000,
  );
});
