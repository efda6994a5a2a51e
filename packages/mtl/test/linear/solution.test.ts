import { fitKNorm, InputError, type LinearModel } from "@kinship/mtl";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bruteForce, objective, type PlainTask, roundingOf, sizeOfTerms } from "../support/oracle.js";
import { penalty, relations, tasksOf } from "../support/problems.js";

/** Weights of the tasks, slopes then intercept. */
function weightsOf(model: LinearModel, intercept: boolean): number[][] {
  const d = model.features.length;
  return model.kinship.tasks.map((_, t) => [
    ...model.weights.subarray(t * d, (t + 1) * d),
    ...(intercept ? [model.intercepts[t]!] : []),
  ]);
}

/** Undefined if the objective has no unique minimum, as a K of rank two may bring about. */
function fitOrRefuse(options: Parameters<typeof fitKNorm>[0]): LinearModel | undefined {
  try {
    return fitKNorm(options);
  } catch (error) {
    if (error instanceof InputError && error.message.includes("no unique minimum")) return undefined;
    throw error;
  }
}

describe.each(relations)("fitKNorm with the kinship: $name", ({ name, kinship, matrix }) => {
  const definite = name !== "matrix of rank two";
  const problem = fc.record({ tasks: tasksOf(), lambda: penalty, lambdaIntercept: penalty, intercept: fc.boolean() });
  type Problem = { tasks: PlainTask[]; lambda: number; lambdaIntercept: number; intercept: boolean };
  const fit = ({ tasks, lambda, lambdaIntercept, intercept }: Problem) =>
    fitOrRefuse({
      tasks,
      kinship: kinship(tasks.length),
      lambda,
      lambdaIntercept,
      intercept: intercept ? "coupled" : "none",
    });

  test("is the brute-force solution of the whole system", () => {
    fc.assert(
      fc.property(problem, (p) => {
        const model = fit(p);
        if (model === undefined) {
          expect(definite).toBe(false);
          return;
        }
        const expected = bruteForce(p.tasks, matrix(p.tasks.length), p).flat();
        const found = weightsOf(model, p.intercept).flat();
        const scale = Math.max(1, ...expected.map(Math.abs));
        const rounding = roundingOf(p.tasks, matrix(p.tasks.length), p, expected);
        for (const [i, value] of expected.entries())
          expect(Math.abs(found[i]! - value)).toBeLessThan(1e-8 * scale + 16 * rounding[i]!);
      }),
    );
  });

  test("has a certificate at rounding, and the objective it says", () => {
    fc.assert(
      fc.property(problem, (p) => {
        const model = fit(p);
        if (model === undefined) {
          expect(definite).toBe(false);
          return;
        }
        expect(model.certificate.residual).toBeLessThan(1e-12);
        expect(model.certificate.converged).toBe(true);
        const weights = weightsOf(model, p.intercept);
        const value = objective(p.tasks, matrix(p.tasks.length), p, weights);
        const rounding = 1e-14 * sizeOfTerms(p.tasks, matrix(p.tasks.length), p, weights);
        expect(Math.abs(model.objective - value)).toBeLessThanOrEqual(1e-9 * Math.max(1, value) + rounding);
      }),
    );
  });

  test("has zero gradient by finite differences, and no lower point near by", () => {
    fc.assert(
      fc.property(problem, fc.array(fc.integer({ min: -8, max: 8 }), { minLength: 25, maxLength: 25 }), (p, steps) => {
        const model = fit(p);
        if (model === undefined) {
          expect(definite).toBe(false);
          return;
        }
        const k = matrix(p.tasks.length);
        const at = weightsOf(model, p.intercept);
        const minimum = objective(p.tasks, k, p, at);
        // Weights that K hardly holds may be large: their terms cancel, and leave their rounding.
        const rounding = 1e-14 * sizeOfTerms(p.tasks, k, p, at);
        const direction = at.map((row, t) => row.map((_, i) => steps[(t * 5 + i) % steps.length]! / 8));
        const moved = (step: number) =>
          objective(
            p.tasks,
            k,
            p,
            at.map((row, t) => row.map((value, i) => value + step * direction[t]![i]!)),
          );
        const curvature = moved(1) + moved(-1) - 2 * minimum;
        // Exact for a quadratic: the odd part of the change is the directional derivative.
        expect(Math.abs(moved(1) - moved(-1))).toBeLessThanOrEqual(1e-9 * Math.max(1, minimum, curvature) + rounding);
        expect(moved(0.5)).toBeGreaterThanOrEqual(minimum - 1e-9 * Math.max(1, minimum) - rounding);
      }),
    );
  });
});
