import { elasticNet, fitLinear, jointFeatures, type Regularizer } from "@kinship/mtl";
import { describe, expect, test } from "vitest";
import { squaredObjective } from "./support.js";

/*
 * The examples of scikit-learn's documentation. Its objectives are 1/(2n) ‖Y − XW‖² + α Ω(W): λ = 2nα here.
 */
const multiple = (x: number[][], y: number[][]) =>
  y[0]!.map((_, t) => ({ name: `${t}`, x, y: y.map((row) => row[t]!) }));

describe("MultiTaskLasso(alpha=0.1)", () => {
  const tasks = multiple([[0, 1], [1, 2], [2, 4]], [[0, 0], [1, 1], [2, 3]]); // biome-ignore format: as documented
  const coefficients = [0, 0.60809415, 0, 0.94592424];
  const intercepts = [-0.41888636, -0.87382323];

  test.each([
    ["block coordinates, inputs shared", tasks],
    ["proximal gradients, inputs apart", tasks.map((task) => ({ ...task, x: task.x.map((row) => [...row]) }))],
  ])("by %s", (_, given) => {
    const model = fitLinear({ tasks: given, regularizer: jointFeatures(), lambda: 0.6, tolerance: 1e-13 });
    for (const [k, value] of coefficients.entries()) expect(Math.abs(model.weights[k]! - value)).toBeLessThan(1e-6);
    for (const [k, value] of intercepts.entries()) expect(Math.abs(model.intercepts[k]! - value)).toBeLessThan(1e-6);
    expect(model.certificate.converged).toBe(true);
  });
});

describe("MultiTaskElasticNet(alpha=0.1)", () => {
  const x = [[0, 0], [1, 1], [2, 2]]; // biome-ignore format: as documented
  const tasks = multiple(x, x);
  const documented = { weights: [0.45663524, 0.45612256, 0.45663524, 0.45612256], intercept: 0.0872422 };
  const options = { tasks, regularizer: elasticNet({ ratio: 0.5 }), lambda: 0.6 };

  // The documented numbers are where scikit-learn's tolerance of 1e-4 lets cyclic coordinate descent end: its 52nd pass.
  test("passes through the documented numbers", () => {
    const model = fitLinear({ ...options, tolerance: 1e-15, maxIterations: 52 });
    for (const [k, value] of documented.weights.entries()) {
      expect(Math.abs(model.weights[k]! - value)).toBeLessThan(1e-6);
    }
    expect(Math.abs(model.intercepts[0]! - documented.intercept)).toBeLessThan(1e-6);
    expect(model.certificate.residual).toBeLessThan(1e-6);
  });

  test("and ends at the minimum, where the two equal features weigh the same", () => {
    const model = fitLinear({ ...options, tolerance: 1e-15 });
    expect(model.weights[0]).toBeCloseTo(model.weights[1]!, 6);
    const at = (weights: Float64Array, intercepts: Float64Array) =>
      squaredObjective(tasks, options.regularizer as Regularizer, 0.6, weights, intercepts);
    const theirs = at(Float64Array.from(documented.weights), new Float64Array(2).fill(documented.intercept));
    expect(at(model.weights.subarray(0, 4), model.intercepts.subarray(0, 2))).toBeLessThan(theirs);
  });
});
