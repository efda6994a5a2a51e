import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { meanAbsoluteError, meanSquaredError, rSquared } from "../../src/evaluate/regression-measures.js";
import {
  accuracy,
  adjustedRandIndex,
  areaUnderCurve,
  calibration,
  confusionMatrix,
  f1Scores,
  logLoss,
  macroF1,
  mostLikely,
} from "../../src/index.js";

const labels = (classes: number) => fc.array(fc.nat(classes - 1), { minLength: 1, maxLength: 30 });

describe("adjusted Rand index", () => {
  // Hubert & Arabie, 1985: from counts of pairs, pair by pair.
  const byPairs = (a: number[], b: number[]): number => {
    let [both, inA, inB, all] = [0, 0, 0, 0];
    for (let i = 0; i < a.length; i++)
      for (let j = 0; j < i; j++) {
        all++;
        inA += Number(a[i] === a[j]);
        inB += Number(b[i] === b[j]);
        both += Number(a[i] === a[j] && b[i] === b[j]);
      }
    const expected = all === 0 ? 0 : (inA * inB) / all;
    const most = (inA + inB) / 2;
    return most === expected ? 1 : (both - expected) / (most - expected);
  };

  test("is what counting pairs gives", () => {
    const pair = fc.integer({ min: 1, max: 25 }).chain((n) => {
      const one = fc.array(fc.nat(3), { minLength: n, maxLength: n });
      return fc.tuple(one, one);
    });
    fc.assert(
      fc.property(pair, ([a, b]) => {
        expect(adjustedRandIndex(a, b)).toBeCloseTo(byPairs(a, b), 12);
      }),
    );
  });

  test("is 1 for the same clusters under other names, and known values", () => {
    expect(adjustedRandIndex([0, 0, 1, 2], [5, 5, 3, 4])).toBe(1);
    // The documentation of scikit-learn's adjusted_rand_score.
    expect(adjustedRandIndex([0, 0, 1, 2], [0, 0, 1, 1])).toBeCloseTo(0.5714, 3);
    expect(adjustedRandIndex([0, 0, 0, 0], [0, 1, 2, 3])).toBe(0);
    expect(adjustedRandIndex([0, 0, 1, 1], [0, 1, 0, 1])).toBeCloseTo(-0.5, 12);
  });
});

describe("area under the curve", () => {
  test("is how often a positive row scores above a negative one, ties half", () => {
    const rows = fc.array(fc.tuple(fc.nat(5), fc.nat(1)), { minLength: 2, maxLength: 30 });
    fc.assert(
      fc.property(rows, (drawn) => {
        const positive = drawn.filter(([, y]) => y === 1);
        const negative = drawn.filter(([, y]) => y === 0);
        let wins = 0;
        for (const [p] of positive) for (const [n] of negative) wins += p > n ? 1 : p === n ? 0.5 : 0;
        const found = areaUnderCurve(
          drawn.map(([s]) => s),
          drawn.map(([, y]) => y),
        );
        if (positive.length * negative.length === 0) expect(found).toBeNaN();
        else expect(found).toBeCloseTo(wins / (positive.length * negative.length), 12);
      }),
    );
  });
});

test("the confusion matrix counts every known row once, and its diagonal gives the accuracy", () => {
  fc.assert(
    fc.property(labels(3), labels(3), (a, b) => {
      const n = Math.min(a.length, b.length);
      const counts = confusionMatrix(a.slice(0, n), b.slice(0, n), 3);
      expect(counts.flat().reduce((x, y) => x + y)).toBe(n);
      const hits = counts.reduce((t, row, k) => t + row[k]!, 0);
      expect(accuracy(a.slice(0, n), b.slice(0, n))).toBeCloseTo(hits / n, 12);
    }),
  );
});

test("F1 is the harmonic mean of precision and recall", () => {
  const counts = confusionMatrix([1, 1, 0, 1, 0, 2], [1, 0, 0, 1, 1, 2], 4);
  const [precision, recall] = [2 / 3, 2 / 3];
  expect(f1Scores(counts)).toEqual([0.5, (2 * precision * recall) / (precision + recall), 1, Number.NaN]);
  expect(macroF1(counts)).toBeCloseTo((0.5 + 2 / 3 + 1) / 3, 12);
});

test("missing labels are left out of every measure", () => {
  const actual = [1, Number.NaN, 0, 1];
  expect(accuracy([1, 1, 1, 1], actual)).toBeCloseTo(2 / 3, 12);
  expect(areaUnderCurve([0.9, 0.5, 0.1, 0.8], actual)).toBe(1);
  expect(logLoss([0.2, 0.8, 0.5, 0.5, 0.6, 0.4, 0.5, 0.5], actual, 2)).toBeCloseTo(
    -(Math.log(0.8) + Math.log(0.6) + Math.log(0.5)) / 3,
    12,
  );
  expect(calibration([0.9, 0.5, 0.1, 0.8], actual).bins.reduce((t, { rows }) => t + rows, 0)).toBe(3);
  expect(meanSquaredError([1, 5, 1, 1], actual)).toBeCloseTo(1 / 3, 12);
  expect(meanAbsoluteError([1, 5, 3, 1], actual)).toBe(1);
});

test("calibration counts in ten bins unless told otherwise", () => {
  expect(calibration([0.31, 0.39], [0, 1]).bins.length).toBe(10);
  expect(calibration([0.31, 0.39], [0, 1]).error).toBeCloseTo(Math.abs(1 - 0.7) / 2, 12);
});

test("a confident mistake costs much but not infinity", () => {
  expect(logLoss([1, 0], [1], 2)).toBeCloseTo(-Math.log(1e-15), 9);
});

test("calibration: bins hold what fell in them, and the error is 0 where frequencies are what was said", () => {
  const probabilities = [...new Array(10).fill(0.25), ...new Array(4).fill(0.75)];
  const { bins, error } = calibration(probabilities, [1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0], { bins: 2 });
  expect(bins).toEqual([
    { from: 0, to: 0.5, rows: 10, confidence: 0.25, frequency: 0.2 },
    { from: 0.5, to: 1, rows: 4, confidence: 0.75, frequency: 0.75 },
  ]);
  expect(error).toBeCloseTo((10 * 0.05) / 14, 12);
  expect(calibration([1], [1]).bins.at(-1)!.rows).toBe(1);
});

test("R² is 1 for the truth, 0 for the mean, NaN where nothing varies", () => {
  expect(rSquared([1, 2, 4], [1, 2, 4])).toBe(1);
  expect(rSquared([2, 2, 2], [1, 2, 3])).toBe(0);
  expect(rSquared([2, 2], [3, 3])).toBeNaN();
});

test("the most likely class is the first of the largest", () => {
  expect([...mostLikely([0.2, 0.4, 0.4, 0.6, 0.3, 0.1], 3)]).toEqual([1, 0]);
});
