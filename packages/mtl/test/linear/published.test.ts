import { meanKinship } from "@kinship/mtl";
import { describe, expect, test } from "vitest";
import { rateOnSeed, readSurvey, type SurveyErrors, surveyFolder } from "../../../../examples/computer-survey.js";
import { compareOnSchools, sectorKinship } from "../../../../examples/high-school-and-beyond.js";
import { compareOnSplit, learnOnSplit, readSchool, schoolFolder } from "../../../../examples/school.js";

const mean = (values: readonly number[]) => values.reduce((total, value) => total + value / values.length, 0);

describe.each([
  ["a common mean", meanKinship],
  ["sectors", sectorKinship],
])("High School & Beyond with %s, ten seeds", (_, kinship) => {
  test("multi-task MSE is at most 37.8 on average, and below pooled and single-task ridge on every seed", async () => {
    const errors: number[] = [];
    for (let seed = 0; seed < 10; seed++) {
      const { single, pooled, multi } = await compareOnSchools(seed, kinship());
      for (const { model } of [single, pooled, multi]) expect(model.certificate.residual).toBeLessThan(1e-8);
      errors.push(multi.judgement.error);
      expect(multi.judgement.error).toBeLessThan(pooled.judgement.error);
      expect(multi.judgement.error).toBeLessThan(single.judgement.error);
    }
    expect(mean(errors)).toBeLessThanOrEqual(37.8);
  }, 300_000);
});

const folder = schoolFolder();

describe.skipIf(folder === null)("School, ten published splits (skipped where the data are not)", () => {
  test("multi-task MSE is at most 101.0 on average, below both baselines on every split", async () => {
    const data = readSchool(folder!);
    const errors: number[] = [];
    for (const split of data.splits.keys()) {
      const { single, pooled, multi } = await compareOnSplit(data, split);
      expect(multi.model.certificate.residual).toBeLessThan(1e-8);
      errors.push(multi.judgement.error);
      expect(multi.judgement.error).toBeLessThan(pooled.judgement.error);
      expect(multi.judgement.error).toBeLessThan(single.judgement.error);
    }
    expect(data.splits.length).toBe(10);
    expect(mean(errors)).toBeLessThanOrEqual(101);
  }, 300_000);

  // Two minutes for all ten; `examples/school.ts` prints them.
  test("relations learned without a prior (MTRL): at most 102.8 on the first three splits", async () => {
    const data = readSchool(folder!);
    const errors: number[] = [];
    for (const split of [0, 1, 2]) {
      const { fit, evaluation } = await learnOnSplit(data, split, "none");
      expect(fit.model.certificate.residual).toBeLessThan(1e-4);
      errors.push(evaluation.overall.mse);
    }
    expect(mean(errors)).toBeLessThanOrEqual(102.8);
  }, 300_000);
});

const survey = surveyFolder();

describe.skipIf(survey === null)("Computer survey, ten draws of 16 of 20 (skipped where the data are not)", () => {
  test("RMSE is at most 2.40 to a common mean and 2.39 by MTL-FEAT on average, and below single-task ridge", async () => {
    const data = readSurvey(survey!);
    expect(data.ratings.length).toBe(190);
    const errors: SurveyErrors[] = [];
    for (let seed = 0; seed < 10; seed++) errors.push(await rateOnSeed(data, seed));
    const drawn = mean(errors.map((error) => error.mean));
    expect(drawn).toBeLessThanOrEqual(2.4);
    const features = mean(errors.map((error) => error.features));
    expect(features).toBeLessThanOrEqual(2.39);
    for (const error of [drawn, features]) expect(error).toBeLessThan(mean(errors.map(({ alone }) => alone)));
  }, 300_000);
});
