import {
  compareModels,
  elasticNet,
  fitLinear,
  jointFeatures,
  kNorm,
  lasso,
  linearMethods,
  type MethodName,
  meanKinship,
  methodOf,
  predictTask,
  type RegularizerDescription,
  regularizerOf,
  ridge,
  split,
  splitWithinTasks,
  sumOfRegularizers,
  taskNorms,
  traceNorm,
  treeKinship,
} from "@kinship/mtl";
import { describe, expect, test } from "vitest";
import { randomTasks } from "../solvers/support.js";
import { drawRows, tableOf, targets } from "./problem.js";

const settings = { kinship: meanKinship() };
const chosen = (name: MethodName): readonly RegularizerDescription[] =>
  methodOf(name).regularizers(settings, 4) as readonly RegularizerDescription[];
const [squares] = targets;

describe("the name of a method", () => {
  test("is one of the table", () => {
    for (const [name, method] of Object.entries(linearMethods)) expect(methodOf(name as MethodName)).toBe(method);
  });

  test("is a sum, or a split, of regularizers with weights", () => {
    expect(chosen("joint-features+0.5lasso")).toEqual([
      {
        name: "sum",
        parts: [
          { regularizer: { name: "joint-features" }, weight: 1 },
          { regularizer: { name: "lasso" }, weight: 0.5 },
        ],
      },
    ]);
    const three = chosen("2trace-norm / .25task-norms / 3ridge");
    expect(three).toEqual([
      {
        name: "split",
        parts: [
          { regularizer: { name: "trace-norm" }, weight: 2 },
          { regularizer: { name: "task-norms" }, weight: 0.25 },
          { regularizer: { name: "ridge" }, weight: 3 },
        ],
      },
    ]);
  });

  test("leaves weights and options open that are not given, those of all parts", () => {
    const pairs = chosen("lasso+elastic-net").map((candidate) => {
      const [first, second] = "parts" in candidate ? candidate.parts : [];
      return [first!.weight, second!.weight, "ratio" in second!.regularizer && second!.regularizer.ratio];
    });
    const expected = [0.2, 0.5, 0.8].flatMap((ratio) => [0.3, 1, 3].map((weight) => [1, weight, ratio]));
    expect(pairs).toEqual(expected);
  });

  test("says what it supposes, and what it needs", () => {
    const { title, supposes, needs, tied } = methodOf("joint-features+0.5lasso");
    expect([title, needs, tied]).toEqual(["L2,1 + 0.5 L1", undefined, undefined]);
    expect(supposes).toContain(linearMethods.lasso.supposes);
    expect(methodOf("ordered-tasks+graph-fused+k-norm").needs).toEqual(["order", "edges"]);
    expect(methodOf("k-norm/lasso").tied).toBe(true);
  });

  test.each([
    ["best", /method is one of single-task, .*; not "best"/],
    ["lasso+lass", /"lass" is no part; parts are k-norm, .*, as in 0\.5lasso/],
    ["dirty+lasso", /"dirty" is no part/],
    ["learned/lasso", /"learned" is no part/],
    ["lasso+", /"" is no part/],
    ["0.5", /method is one of/],
    ["-1lasso+ridge", /"-1lasso" is no part/],
    ["lasso+ridge/trace-norm", /mixes \+ and \/; give either a sum or a split/],
    ["lasso+0.0ridge", /the weight of "0\.0ridge" must be > 0/],
    ["lasso+ridge+2lasso", /has lasso twice/],
  ])("%s is refused", (name, message) => {
    expect(() => methodOf(name as MethodName)).toThrow(message);
  });
});

describe("a regularizer made from plain data", () => {
  const tasks = randomTasks({ tasks: 4, rows: 10, features: 3 });
  test("is the sum or the split that the library makes", () => {
    const cases = [
      [
        "joint-features+0.5lasso",
        sumOfRegularizers([{ regularizer: jointFeatures() }, { regularizer: lasso(), weight: 0.5 }]),
      ],
      ["trace-norm/0.7task-norms", split([{ regularizer: traceNorm() }, { regularizer: taskNorms(), weight: 0.7 }])],
      [
        "ridge+2k-norm",
        sumOfRegularizers([{ regularizer: ridge() }, { regularizer: kNorm(meanKinship()), weight: 2 }]),
      ],
    ] as const;
    for (const [name, expected] of cases) {
      const made = fitLinear({ tasks, regularizer: regularizerOf(chosen(name)[0]!), lambda: 2 });
      const known = fitLinear({ tasks, regularizer: expected, lambda: 2 });
      expect(made.weights).toEqual(known.weights);
      expect(made.parts).toEqual(known.parts);
      expect(made.regularizer).toEqual(known.regularizer);
    }
  });
});

test("a sum with a kinship predicts an unseen task as the kinship says: by its parent", () => {
  const tasks = randomTasks({ tasks: 4, rows: 12, features: 3 });
  const parents = { t0: "a", t1: "a", t2: "b", t3: "b", a: "root", b: "root", root: null };
  const kinship = treeKinship({ parents: new Map(Object.entries(parents)) });
  const regularizer = sumOfRegularizers([{ regularizer: kNorm(kinship) }, { regularizer: elasticNet(), weight: 0.1 }]);
  const model = fitLinear({ tasks, regularizer, lambda: 1 });
  const x = [[1, 2, 3]];
  const at = (task: string, parent?: string) =>
    predictTask(model, task, x, parent === undefined ? {} : { parents: new Map([[task, parent]]) })[0]!;
  // The parent of two tasks is pulled to both and to the root, alike.
  expect(at("new", "a")).toBeCloseTo((at("t0") + at("t1") + at("root")) / 3, 10);
  expect(at("new", "b")).not.toBeCloseTo(at("new", "a"), 3);
});

describe("a comparison of sums and splits", () => {
  const table = tableOf(drawRows(), squares!.label);
  const known = {
    ...{ table, schema: { task: "task", target: "y" }, ...settings, seed: 2 },
    split: splitWithinTasks(table, { task: "task", test: 0.5, seed: 1 }),
  };

  test("chooses weights by cross-validation, and is not worse in it than any given one", async () => {
    const methods = ["joint-features+lasso", "joint-features+0.3lasso", "joint-features+3lasso"] as const;
    const { ranking } = await compareModels({ ...known, methods });
    const errorOf = (name: string) => ranking.find(({ method }) => method === name)!.validation.error;
    expect(errorOf(methods[0])).toBeLessThanOrEqual(Math.min(errorOf(methods[1]), errorOf(methods[2])) + 1e-12);
    const { validation, model } = ranking.find(({ method }) => method === methods[0])!;
    expect(validation.variant).toMatch(/^lasso weight (0\.3|1|3)$/);
    expect(model.certificate.converged).toBe(true);
  });

  test("needs what its parts need", async () => {
    const methods = ["ordered-tasks+graph-fused"] as const;
    await expect(compareModels({ ...known, methods })).rejects.toThrow(/needs order and edges; give them/);
  });
});
