import {
  adjustedRandIndex,
  correlationWeights,
  createRandom,
  crossCorrelation,
  crossProduct,
  fitKNorm,
  InputError,
  identityKinship,
  outerCorrelation,
  spectralGroups,
} from "@kinship/mtl";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { smallestEigenvalue } from "../../src/algebra/eigenvalues.js";

const value = fc.integer({ min: -64, max: 64 }).map((k) => k / 8);
const vectors = fc
  .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 }))
  .chain(([rows, columns]) =>
    fc.array(fc.array(value, { minLength: columns, maxLength: columns }), { minLength: rows, maxLength: rows }),
  );
const measures = ["pearson", "cosine", "covariance", "dot"] as const;

const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, k) => sum + x * b[k]!, 0);
const centred = (a: readonly number[]) => a.map((x) => x - a.reduce((p, q) => p + q, 0) / a.length);

describe.each(measures)("%s", (measure) => {
  test("is its textbook formula, symmetric and positive semi-definite", () => {
    fc.assert(
      fc.property(vectors, (v) => {
        const found = outerCorrelation(v, measure);
        const n = v.length;
        const rows = measure === "pearson" || measure === "covariance" ? v.map(centred) : v;
        for (let a = 0; a < n; a++)
          for (let b = 0; b < n; b++) {
            expect(found[a * n + b]).toBe(found[b * n + a]);
            const product = dot(rows[a]!, rows[b]!);
            const size = Math.sqrt(dot(rows[a]!, rows[a]!) * dot(rows[b]!, rows[b]!));
            if (measure === "covariance" || measure === "dot")
              expect(found[a * n + b]).toBeCloseTo(product / v[0]!.length, 9);
            else if (size > 1e-9) expect(found[a * n + b]).toBeCloseTo(product / size, 9);
            else expect(found[a * n + b]).toBe(a === b ? 1 : 0);
          }
        expect(smallestEigenvalue(found, n)).toBeGreaterThan(-1e-9 * Math.max(1, ...found));
      }),
    );
  });
});

test("scaling and shifting a vector leaves Pearson's correlation, from 1e-300 to 1e300", () => {
  const v = [[1, 2, 4, 3], [2, 1, 5, 5]]; // biome-ignore format: a matrix
  const expected = outerCorrelation(v)[1]!;
  for (const scale of [1e-300, 1e300 / 8])
    expect(outerCorrelation([v[0]!.map((x) => x * scale), v[1]!])[1]).toBeCloseTo(expected, 12);
  expect(outerCorrelation([[0.1, 0.1, 0.1], [1, 2, 3]])[1]).toBe(0); // biome-ignore format: a matrix
});

describe("the area that two vectors span", () => {
  test("is |v|²|w|² − ⟨v, w⟩² squared, and sin² is 1 − cos²", () => {
    fc.assert(
      fc.property(vectors, (v) => {
        const { areas, sines } = crossCorrelation(v);
        const cosines = outerCorrelation(v, "cosine");
        const n = v.length;
        for (let a = 0; a < n; a++)
          for (let b = 0; b < n; b++) {
            const lagrange = dot(v[a]!, v[a]!) * dot(v[b]!, v[b]!) - dot(v[a]!, v[b]!) ** 2;
            expect(areas[a * n + b]! ** 2).toBeCloseTo(lagrange, 6);
            if (a !== b && dot(v[a]!, v[a]!) * dot(v[b]!, v[b]!) > 0)
              expect(sines[a * n + b]).toBeCloseTo(1 - cosines[a * n + b]! ** 2, 9);
          }
      }),
    );
  });

  test("in three dimensions is the length of v × w, which is normal to both", () => {
    const three = fc.array(value, { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(three, three, (v, w) => {
        const product = [...crossProduct(v, w)];
        expect(dot(product, v)).toBeCloseTo(0, 9);
        expect(dot(product, w)).toBeCloseTo(0, 9);
        expect(Math.hypot(...product)).toBeCloseTo(crossCorrelation([v, w]).areas[1]!, 8);
      }),
    );
    expect([...crossProduct([1, 0, 0], [0, 1, 0])]).toEqual([0, 0, 1]);
    expect(() => crossProduct([1, 2], [3, 4])).toThrow(/two vectors of 3 numbers, found 2 and 2/);
  });

  test("of nearly parallel vectors keeps its digits, where the difference of squares has none", () => {
    const angle = 1e-9;
    expect(crossCorrelation([[1, 0], [1, angle]]).areas[1]).toBeCloseTo(angle, 18); // biome-ignore format: a matrix
  });
});

test("weights are a softmax: rows sum to 1, ordered as correlations are; cold ones listen to the nearest", () => {
  const correlation = Float64Array.of(1, 0.5, -1, 0.5, 1, 0, -1, 0, 1);
  const weights = correlationWeights(correlation);
  for (let i = 0; i < 3; i++) expect(weights[3 * i]! + weights[3 * i + 1]! + weights[3 * i + 2]!).toBeCloseTo(1, 12);
  expect(weights[1]! / weights[2]!).toBeCloseTo(Math.exp(1.5), 12);
  expect(correlationWeights(correlation, 1e-3)[0]).toBe(1);
  for (const weight of correlationWeights(correlation, Number.POSITIVE_INFINITY)) expect(weight).toBeCloseTo(1 / 3, 12);
});

test("planted groups are recovered from the weights of single-task fits", () => {
  const random = createRandom(5);
  const draw = () => random() + random() + random() - 1.5;
  const groups = [0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2];
  const centres = [0, 1, 2].map(() => Array.from({ length: 8 }, draw));
  const tasks = groups.map((group, t) => {
    const w = centres[group]!.map((centre) => centre + 0.2 * draw());
    const x = Array.from({ length: 30 }, () => Array.from({ length: 8 }, draw));
    return { name: `t${t}`, x, y: x.map((row) => dot(row, w) + 0.3 * draw()) };
  });
  const model = fitKNorm({ tasks, kinship: identityKinship(), lambda: 1 });
  const weights = tasks.map((_, t) => model.weights.subarray(t * 8, (t + 1) * 8));
  const found = new Int32Array(12);
  for (const [group, members] of spectralGroups(outerCorrelation(weights, "cosine"), { groups: 3 }).entries())
    for (const task of members) found[task] = group;
  expect(adjustedRandIndex(found, groups)).toBe(1);
});

describe("groups", () => {
  test("of tasks without kin are each alone; of one task, it", () => {
    expect(spectralGroups(Float64Array.of(1, -1, -1, 1), { groups: 2 })).toEqual([[0], [1]]);
    expect(spectralGroups(Float64Array.of(1), { groups: 1 })).toEqual([[0]]);
  });

  test("of a block matrix are its blocks", () => {
    const blocks = [0, 0, 1, 1, 1, 0];
    const affinity = Float64Array.from({ length: 36 }, (_, k) => Number(blocks[Math.floor(k / 6)] === blocks[k % 6]));
    expect(spectralGroups(affinity, { groups: 2 })).toEqual([[0, 1, 5], [2, 3, 4]]); // biome-ignore format: two groups
  });
});

describe("refused", () => {
  test.each<[string, () => unknown, RegExp]>([
    ["no task", () => outerCorrelation([]), /found \[0, 0\]/],
    ["not a number", () => outerCorrelation([[1], [Number.NaN]]), /vector 2 holds NaN at place 1/],
    ["infinity", () => crossCorrelation([[1 / 0]]), /vector 1 holds Infinity/],
    ["a temperature of 0", () => correlationWeights(Float64Array.of(1), 0), /temperature must be > 0/],
    ["what is not square", () => correlationWeights(new Float64Array(3)), /found 3 numbers/],
    [
      "an asymmetric affinity",
      () => spectralGroups(Float64Array.of(1, 1, 0, 1), { groups: 1 }),
      /not symmetric, \[0, 1\] = 1/,
    ],
    ["more groups than tasks", () => spectralGroups(Float64Array.of(1), { groups: 2 }), /whole number from 1 to 1/],
  ])("%s", (_, make, message) => {
    expect(make).toThrow(InputError);
    expect(make).toThrow(message);
  });
});
