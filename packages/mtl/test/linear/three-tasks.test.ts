import { describe, expect, test } from "vitest";
import {
  descend,
  inputs,
  kinship,
  lambda,
  objective,
  solveDirectly,
  targets,
} from "../../../../examples/three-tasks.js";
import { bruteForce } from "../support/oracle.js";

describe("three tasks with a kinship of rank one", () => {
  const direct = solveDirectly();
  const { weights } = descend();

  test("gradient descent with grad finds the closed solution", () => {
    for (const [i, value] of direct.toTypedArray().entries()) {
      expect(Math.abs(value - weights.toTypedArray()[i]!)).toBeLessThan(1e-6);
    }
  });

  test("so does elimination on the whole system", () => {
    const tasks = inputs.map((x, t) => ({ name: `${t}`, x, y: targets[t]! }));
    const expected = bruteForce(tasks, kinship, { lambda, lambdaIntercept: 0, intercept: false });
    for (const [t, row] of expected.entries()) {
      for (const [k, value] of row.entries()) expect(direct.get(k, t)).toBeCloseTo(value, 9);
    }
  });

  test("no point of descent is lower than the minimum", () => {
    expect(objective(weights).item()).toBeGreaterThanOrEqual(objective(direct).item() - 1e-12);
  });
});
