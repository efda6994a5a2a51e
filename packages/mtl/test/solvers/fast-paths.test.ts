import {
  createRandom,
  elasticNet,
  fitLinear,
  jointFeatures,
  type LabelledTask,
  type Regularizer,
  squared,
  sumOfRegularizers,
} from "@kinship/mtl";
import { svd, tensor } from "@kinship/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createSpectrum } from "../../src/algebra/spectrum.js";
import { featureBlocks } from "../../src/solvers/feature-blocks.js";
import { sharedGrams } from "../../src/solvers/gram-term.js";
import { problemOf } from "../../src/solvers/problem.js";
import { randomTasks, weightsOf } from "./support.js";

const random = createRandom(3);
const normal = () => random() + random() + random() + random() - 2;

describe("the spectrum of one matrix after another", () => {
  const shape = fc.record({ rows: fc.integer({ min: 1, max: 9 }), columns: fc.integer({ min: 1, max: 9 }) });
  const entries = fc.array(fc.integer({ min: -64, max: 64 }), { minLength: 81, maxLength: 81 });
  const shrink = (values: Float64Array, by: number) => values.map((value) => Math.max(0, value - by));

  /** U diag(f(s)) Vᵀ */
  function expected(matrix: Float64Array, rows: number, columns: number, by: number) {
    const { u, s, v } = svd(tensor(matrix, { shape: [rows, columns] }));
    const values = s.toTypedArray() as Float64Array;
    const out = new Float64Array(rows * columns);
    for (const [k, value] of shrink(values, by).entries()) {
      for (let i = 0; i < rows; i++) {
        for (let j = 0; j < columns; j++) out[i * columns + j]! += value * u.get(i, k) * v.get(j, k);
      }
    }
    return { values, out };
  }

  test.each([1, 1e-5, 0])("is the singular value decomposition; its last row times %s", (scale) => {
    fc.assert(
      fc.property(shape, entries, entries, fc.integer({ min: 0, max: 8 }), ({ rows, columns }, first, second, by) => {
        const spectrum = createSpectrum(rows, columns);
        for (const numbers of [first, first, second]) {
          const matrix = Float64Array.from({ length: rows * columns }, (_, i) => {
            return (numbers[i]! / 8) * (i >= (rows - 1) * columns ? scale : 1);
          });
          const { values, out } = expected(matrix, rows, columns, by);
          const largest = Math.max(values[0]!, 1e-300);
          // Asked for all values, and only for those that `by` leaves.
          for (const enough of [undefined, (_: Float64Array, bound: number) => bound <= by]) {
            const found = spectrum.decompose(matrix, enough);
            const rebuilt = new Float64Array(out.length);
            spectrum.rebuild(shrink(found, by), rebuilt);
            for (const [i, value] of out.entries()) {
              expect(Math.abs(rebuilt[i]! - value) / largest).toBeLessThan(by === 0 ? 1e-13 : 1e-11);
            }
            if (enough !== undefined) continue;
            for (const [k, value] of found.slice().sort().reverse().entries()) {
              expect(Math.abs(value - values[k]!) / largest).toBeLessThan(1e-12);
            }
          }
        }
      }),
    );
  });
});

/** The same Ω, as a sum that only proximal gradients solve. */
const twice = (regularizer: Regularizer) =>
  sumOfRegularizers([
    { regularizer, weight: 0.5 },
    { regularizer, weight: 0.5 },
  ]);

describe("block coordinates on tasks with inputs of their own", () => {
  const cases: [string, LabelledTask[]][] = [
    ["many rows", randomTasks({ tasks: 5, rows: 20, features: 4 })],
    ["few rows, many features", randomTasks({ tasks: 4, rows: 3, features: 8 })],
    ["one task", randomTasks({ tasks: 1, rows: 9, features: 3 })],
    [
      "weights, and a feature that one task has not",
      randomTasks({ tasks: 3, rows: 12, features: 3 }).map((task, t) => ({
        ...task,
        x: (task.x as number[][]).map(([a, b, c]) => [a!, t === 1 ? 2 : b!, c!]),
        weight: 1 + t,
        sampleWeights: (task.x as number[][]).map((_, i) => (i % 3) / 2),
      })),
    ],
  ];
  test.each(cases)("end where proximal gradients do: %s", (_, tasks) => {
    for (const regularizer of [jointFeatures(), elasticNet({ ratio: 0.7 })]) {
      for (const lambda of [0.05, 1, 12]) {
        for (const intercept of ["free", "none"] as const) {
          const options = { tasks, lambda, intercept, tolerance: 1e-11 };
          const blocks = fitLinear({ ...options, regularizer });
          const slow = fitLinear({ ...options, regularizer: twice(regularizer) });
          expect(blocks.certificate.solver).toBe("block-coordinate");
          expect(slow.certificate.solver).toBe("proximal-gradient");
          expect(blocks.certificate.residual).toBeLessThanOrEqual(1e-11);
          expect(blocks.objective / slow.objective).toBeCloseTo(1, 9);
          for (const [k, weight] of weightsOf(slow).entries()) expect(blocks.weights[k]).toBeCloseTo(weight, 3);
          for (const [t, level] of slow.intercepts.entries()) expect(blocks.intercepts[t]).toBeCloseTo(level, 3);
        }
      }
    }
  });

  test("without a penalty the least squares are found by proximal gradients", () => {
    const [, tasks] = cases[0]!;
    const model = fitLinear({ tasks, regularizer: jointFeatures(), lambda: 0 });
    expect(model.certificate.converged).toBe(true);
    expect(model.certificate.solver).toBe("proximal-gradient");
  });

  test("a block's minimum is where its subgradient is 0", () => {
    const problem = problemOf(randomTasks({ tasks: 6, rows: 5, features: 3 }), squared(), "test");
    const grams = sharedGrams(problem, true);
    const blocks = featureBlocks(grams, 3)!;
    fc.assert(
      fc.property(
        fc.double({ min: 1e-3, max: 30, noNaN: true }),
        fc.double({ min: 0, max: 5, noNaN: true }),
        (strength, ridge) => {
          // biome-ignore format: one line
          const w = Float64Array.from({ length: 18 }, normal);
          const gradient = Float64Array.from({ length: 18 }, normal).map((value) => 10 * value);
          const change = new Float64Array(6);
          const before = w.slice();
          blocks.minimise(1, w, gradient, { strength, ridge }, change);
          const norm = Math.hypot(...w.subarray(6, 12));
          const slopes = Array.from({ length: 6 }, (_, t) => {
            expect(change[t]).toBe(w[6 + t]! - before[6 + t]!);
            const own = 2 * grams.matrices[t]![4]!;
            return gradient[6 + t]! + own * change[t]! + ridge * w[6 + t]!;
          });
          if (norm === 0) expect(Math.hypot(...slopes)).toBeLessThanOrEqual(strength * (1 + 1e-12));
          else {
            for (const [t, slope] of slopes.entries()) {
              expect(Math.abs(slope + (strength * w[6 + t]!) / norm)).toBeLessThan(1e-9 * (1 + Math.abs(slope)));
            }
          }
        },
      ),
    );
  });
});

describe("Gram matrices, by outer products and by the product kernel", () => {
  test.each([
    [7, 3, 2],
    [400, 60, 1],
    [400, 60, 50],
  ])("are XᵀSX and XᵀSy: %s rows, %s features, %s tasks", (rows, features, count) => {
    const x = Array.from({ length: rows }, () => Array.from({ length: features }, normal));
    const sampleWeights = x.map(() => 0.5 + random());
    for (const weighted of [false, true]) {
      for (const free of [false, true]) {
        const tasks = Array.from({ length: count }, (_, t) => {
          const y = x.map(() => normal());
          return { name: `t${t}`, x, y, ...(weighted && { sampleWeights }) };
        });
        const { matrices, moments, squares } = sharedGrams(problemOf(tasks, squared(), "test"), free);
        expect(matrices.length).toBe(1);
        const s = x.map((_, i) => (weighted ? sampleWeights[i]! : 1));
        const total = s.reduce((a, b) => a + b, 0);
        const centre = (values: readonly number[]) =>
          free ? values.reduce((sum, value, i) => sum + (s[i]! * value) / total, 0) : 0;
        const columns = Array.from({ length: features }, (_, j) => {
          const column = x.map((row) => row[j]!);
          const level = centre(column);
          return column.map((value) => value - level);
        });
        const product = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, i) => sum + s[i]! * value * b[i]!, 0); // biome-ignore format: one line
        for (const [i, j] of [
          [0, 0],
          [1, 2],
          [2, 1],
          [features - 1, 0],
        ] as const) {
          // biome-ignore format: one line
          expect(matrices[0]![i * features + j]).toBeCloseTo(product(columns[i]!, columns[j]!), 9);
        }
        for (const t of [0, count - 1]) {
          const level = centre(tasks[t]!.y);
          const y = tasks[t]!.y.map((value) => value - level);
          expect(squares[t]).toBeCloseTo(product(y, y), 9);
          for (const j of [0, features - 1]) expect(moments[t * features + j]).toBeCloseTo(product(columns[j]!, y), 9);
        }
      }
    }
  });
});
