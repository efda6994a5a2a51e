import {
  compareModels,
  createTable,
  fitKNorm,
  identityKinship,
  meanKinship,
  predict,
  predictTask,
  splitWithinTasks,
  treeKinship,
} from "@kinship/mtl";
import { describe, expect, test } from "vitest";

const tasks = ["a", "b", "c"].map((name, t) => ({
  name,
  x: [0, 1, 2, 3].map((i) => [Math.sin(i + t), Math.cos(2 * i + t)]),
  y: [0, 1, 2, 3].map((i) => Math.sin(3 * i * (t + 1)) + t),
}));
const x = [
  [0.5, -1],
  [2, 1],
];

describe("predictTask", () => {
  test("is x w + b for a known task", () => {
    const model = fitKNorm({ tasks, kinship: meanKinship(), lambda: 1 });
    const [w, b] = [model.weights.subarray(2, 4), model.intercepts[1]!];
    expect([...predictTask(model, "b", x)]).toEqual(x.map(([u, v]) => b + w[0]! * u! + w[1]! * v!));
  });

  test("is the shrunken mean of the tasks' predictions for a new task under a common mean", () => {
    const model = fitKNorm({ tasks, kinship: meanKinship({ shrinkage: 0.5 }), lambda: 1 });
    for (const [i, value] of predictTask(model, "new", x).entries()) {
      const total = tasks.reduce((sum, { name }) => sum + predictTask(model, name, x)[i]!, 0);
      expect(value).toBeCloseTo(total / 3.5, 12);
    }
  });

  test("is what a task without rows would be given: adding it to the kinship changes nothing else", () => {
    const parents = new Map<string, string | null>([["a", "p"], ["b", "p"], ["c", "q"], ["p", "top"], ["q", "top"], ["top", null]]); // biome-ignore format: pairs
    const model = fitKNorm({ tasks, kinship: treeKinship({ parents }), lambda: 1 });
    const wider = fitKNorm({ tasks, kinship: treeKinship({ parents: new Map(parents).set("new", "q") }), lambda: 1 });
    const given = predictTask(model, "new", x, { parents: new Map([["new", "q"]]) });
    for (const [i, value] of predictTask(wider, "new", x).entries()) expect(value).toBeCloseTo(given[i]!, 12);
    expect(predictTask(model, "q", x)).toEqual(given);
    // Without a word on its parent a new task hangs from the root.
    expect(predictTask(model, "new", x)).toEqual(predictTask(model, "top", x));
  });

  test("refuses a task of which the kinship says nothing, an unknown parent, and other widths", () => {
    const model = fitKNorm({ tasks, kinship: identityKinship(), lambda: 1 });
    expect(() => predictTask(model, "new", x)).toThrow(
      /not fitted on task "new", and the identity kinship says nothing/,
    );
    expect(() => predictTask(model, "new", x, { parents: new Map([["new", "z"]]) })).toThrow(/parent "z"/);
    expect(() => predictTask(model, "a", [[1]])).toThrow(/x has 1 columns, and the model 2 features/);
  });
});

test("predict reads a table without the target, and fills in tasks never seen", async () => {
  const rows = Array.from({ length: 30 }, (_, i) => i);
  const table = createTable([
    { name: "task", values: rows.map((i) => `t${i % 3}`) },
    { name: "f", values: rows.map((i) => Math.sin(i)) },
    { name: "y", values: rows.map((i) => 100 + 2 * Math.sin(i) + (i % 3)) },
  ]);
  const split = splitWithinTasks(table, { task: "task", test: 0.3 });
  const comparison = await compareModels({
    table,
    split,
    schema: { task: "task", target: "y" },
    kinship: meanKinship(),
  });
  const inputs = createTable([
    table.columns[1]!,
    { name: "task", values: rows.map((i) => (i < 3 ? "new" : `t${i % 3}`)) },
  ]);
  const predicted = predict(comparison.multi.model, inputs);
  for (const [at, row] of comparison.rows.entries()) {
    if (row >= 3) expect(predicted[row]).toBe(comparison.multi.predicted[at]);
  }
  for (const row of [0, 1, 2]) expect(Math.abs(predicted[row]! - (101 + 2 * Math.sin(row)))).toBeLessThan(0.2);
  expect(() => predict(comparison.single.model, inputs)).toThrow(/single|"new"/);
});
