import {
  type FitOptions,
  fitKNorm,
  graphKinship,
  InputError,
  identityKinship,
  matrixKinship,
  meanKinship,
  type Task,
} from "@kinship/mtl";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

const fit = (tasks: readonly Task[], lambda = 1, kinship = meanKinship()) => fitKNorm({ tasks, kinship, lambda });
const good: Task = { name: "good", x: [[1, 2], [3, 5], [2, 2]], y: [1, 2, 4] }; // biome-ignore format: a table
const failure = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return (error as Error).message;
  }
  throw new Error("nothing was refused");
};

describe("data that are hard but sound", () => {
  test.each<[string, Task]>([
    ["one row", { name: "other", x: [[1, 2]], y: [3] }],
    ["a constant feature", { name: "other", x: [[1, 5], [2, 5], [3, 5]], y: [1, 2, 3] }], // biome-ignore format: a table
    ["equal features", { name: "other", x: [[1, 1], [2, 2], [3, 3]], y: [1, 2, 3] }], // biome-ignore format: a table
    [
      "zero features",
      {
        name: "other",
        x: [
          [0, 0],
          [0, 0],
        ],
        y: [1, 2],
      },
    ],
    ["tiny values", { name: "other", x: [[1e-300, 1e-300], [2e-300, 1e-300]], y: [1e-300, 1] }], // biome-ignore format: a table
    ["large values", { name: "other", x: [[1e8, 1], [2e8, 3], [5e8, 1]], y: [1e8, 1, 2] }], // biome-ignore format: a table
  ])("%s", (_, other) => {
    for (const tasks of [[other], [good, other]]) {
      const { certificate, weights } = fit(tasks);
      expect(certificate.residual).toBeLessThan(1e-8);
      expect(weights.every(Number.isFinite)).toBe(true);
    }
  });

  test("more features than rows", () => {
    const wide = { name: "wide", x: [Array.from({ length: 40 }, (_, k) => Math.sin(k))], y: [1] };
    expect(fit([wide]).certificate.residual).toBeLessThan(1e-8);
  });

  test("no features at all: intercepts only", () => {
    const tasks = [
      { name: "a", x: [[], []], y: [1, 3] },
      { name: "b", x: [[]], y: [8] },
    ];
    const model = fitKNorm({ tasks, kinship: identityKinship(), lambda: 2 });
    // Minimises 2 (b − 2)² + 2 + b², and (b − 8)² + b².
    expect(model.intercepts[0]).toBeCloseTo(4 / 3, 12);
    expect(model.intercepts[1]).toBeCloseTo(4, 12);
  });
});

describe("what is refused, and how", () => {
  test("an objective without a unique minimum says so, and what to do", () => {
    const few = { name: "few", x: [[1, 2]], y: [1] };
    expect(failure(() => fit([good, few], 0))).toMatch(/no unique minimum.*"few".*λ = 0.*raise λ/);
    const flat = { name: "flat", x: [[1, 1], [2, 2]], y: [1, 2] }; // biome-ignore format: a table
    expect(failure(() => fit([flat], 1, meanKinship({ shrinkage: 0 })))).toMatch(/no unique minimum.*shrinkage/);
    expect(failure(() => fit([flat], 1, matrixKinship([[0]])))).toMatch(/no unique minimum/);
  });

  const numbers = fc.integer({ min: -64, max: 64 }).map((k) => k / 16);
  const rowsOf = (rows: number, width: number) =>
    fc.array(fc.array(numbers, { minLength: width, maxLength: width }), { minLength: rows, maxLength: rows });
  const tasksOf = (rows: readonly number[], width: number) =>
    fc
      .tuple(...rows.map((count) => rowsOf(count, width)))
      .map((all) => all.map((x, t) => ({ name: `task ${t}`, x, y: x.map((_, row) => row) })));
  const names = (count: number) => Array.from({ length: count }, (_, t) => `task ${t}`);
  const chain = graphKinship({ edges: names(4).slice(1).map((name, t) => [`task ${t}`, name] as const), ridge: 1 }); // biome-ignore format: one line
  // Of rank two: three combinations of five tasks go unpenalised, and with three features nine unknowns.
  const gram = matrixKinship(names(5).map((_, i) => names(5).map((_, j) => 1 + (i - 1) * (j - 1) * 0.5)));

  test.each<[string, fc.Arbitrary<Task[]>, Omit<FitOptions, "tasks">]>([
    ["a task alone", tasksOf([4, 9], 5), { kinship: identityKinship(), lambda: 0, intercept: "none" }],
    ["a task and its intercept", tasksOf([5, 9], 5), { kinship: identityKinship(), lambda: 0 }],
    ["a task among others", tasksOf([9, 4, 9, 9], 5), { kinship: chain, lambda: 0, intercept: "none" }],
    ["a combination of tasks", tasksOf([2, 1, 1, 2, 2], 3), { kinship: gram, lambda: 1, intercept: "none" }],
  ])("%s with fewer rows than unknowns is refused, whatever stands in them", (_, tasks, options) => {
    fc.assert(
      fc.property(tasks, (given) => {
        expect(failure(() => fitKNorm({ tasks: given, ...options }))).toMatch(/no unique minimum/);
      }),
    );
  });

  test("a combination of weights in which the last one has little part is seen too", () => {
    const x = [
      [[-0.375, -1.6875, 0], [-0.875, 0, -0.125]],
      [[-2.5, 0, 0]],
      [[3, 2.25, 0]],
      [[0, 0, -0.0625], [0, 0.0625, 0]],
      [[-2.8125, 1.0625, 0], [0.1875, 0, 0.1875]],
    ]; // biome-ignore format: a table
    const tasks = x.map((rows, t) => ({ name: `task ${t}`, x: rows, y: rows.map(() => 1) }));
    expect(failure(() => fitKNorm({ tasks, kinship: gram, lambda: 256, intercept: "none" }))).toMatch(/no unique/);
    const few = { name: "few", x: [[-2.8125, -2.9375, 3.1875], [-0.25, 0, -3.875]], y: [1, 2] }; // biome-ignore format: a table
    const alone = { tasks: [few], kinship: identityKinship(), lambda: 0, intercept: "none" } as const;
    expect(failure(() => fitKNorm(alone))).toMatch(/"few"/);
  });

  test("values whose squares overflow", () => {
    const huge = { name: "huge", x: [[1e300, 1]], y: [1] };
    expect(failure(() => fit([good, huge]))).toMatch(/task "huge" overflow.*rescale/);
    expect(failure(() => fit([{ name: "huge", x: [[1, 1]], y: [1e200] }]))).toMatch(/overflow/);
  });

  test.each<[string, readonly Task[], RegExp]>([
    ["no task", [], /no tasks/],
    ["two tasks of a name", [good, good], /"good" is given twice/],
    ["no rows", [good, { name: "none", x: [], y: [] }], /"none" has no training row/],
    ["other lengths", [{ ...good, y: [1] }], /"good" has 3 rows of x and 1 of y/],
    ["other widths", [good, { name: "b", x: [[1]], y: [1] }], /"good" has 2 features and "b" has 1/],
    ["NaN in x", [{ ...good, x: [[1, 2], [1, Number.NaN], [1, 1]] }], /"good", x, row 2, column 2 is NaN/], // biome-ignore format: a table
    ["infinity in y", [{ ...good, y: [1, Number.POSITIVE_INFINITY, 1] }], /"good", y, row 2 is Infinity/],
    ["ragged rows", [{ ...good, x: [[1, 2], [1], [1, 1]] }], /ragged.*row 2 has 1/],
    ["a text", [{ ...good, y: [1, "2" as unknown as number, 3] }], /row 2 is "2", not a number/],
    ["a weight of zero", [{ ...good, weight: 0 }], /"good" has the weight 0/],
  ])("%s", (_, tasks, message) => {
    expect(failure(() => fit(tasks))).toMatch(message);
  });

  test("penalties that are no numbers ≥ 0", () => {
    for (const lambda of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(failure(() => fit([good], lambda))).toMatch(/lambda must be a finite number ≥ 0/);
    }
  });

  test("nothing given is changed", () => {
    const x = [Object.freeze([1, 2]), Object.freeze([2, 1])];
    const task = Object.freeze({
      name: "frozen",
      x: Object.freeze(x) as number[][],
      y: Object.freeze([1, 2]) as number[],
    });
    expect(fit([task]).certificate.converged).toBe(true);
  });
});
