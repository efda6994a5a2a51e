import { applyPipeline, createTable, fitPipeline, InputError, inferSchema, tasksFromRows } from "@kinship/mtl";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

const table = (columns: Record<string, readonly unknown[]>) =>
  createTable(Object.entries(columns).map(([name, values]) => ({ name, values: values as string[] })));
const schema = { task: "task", target: "y" };

describe("fitPipeline and applyPipeline", () => {
  const data = table({
    task: ["a", "b", "a", "b", "a"],
    age: ["1", "2", "", "5", "100"],
    colour: ["red", "blue", "red", null, "green"],
    y: ["1", "3", "5", "7", "1000"],
  });
  const pipeline = fitPipeline(data, schema, [0, 1, 2, 3]);

  test("learns from the training rows only", () => {
    expect(pipeline.targetMean).toBe(4);
    expect(pipeline.names).toEqual(["age", "age is missing", "colour = blue", "colour = red"]);
    const [age] = pipeline.features;
    expect(age!.kind).toBe("numeric");
    expect((age as { mean: number }).mean).toBeCloseTo(8 / 3, 14);
    expect((age as { scale: number }).scale).toBeCloseTo(Math.sqrt(26) / 3, 14);
  });

  test("training columns have mean 0 and variance 1; a missing number is the mean, its indicator tells", () => {
    const { x, features } = applyPipeline(pipeline, data, [0, 1, 2, 3]);
    for (let k = 0; k < features; k++) {
      const column = [0, 1, 2, 3].map((row) => x[row * features + k]!);
      expect(column.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 12);
      const present = k === 0 ? 3 : 4;
      expect(column.reduce((sum, value) => sum + value * value, 0) / present).toBeCloseTo(1, 12);
    }
    expect(x[2 * features]).toBe(0);
    expect(x[2 * features + 1]).toBeCloseTo(Math.sqrt(3), 12);
  });

  test("a level never seen is the mean of each level's column", () => {
    const { x, features } = applyPipeline(pipeline, data, [4]);
    expect([...x.subarray(features - 2)]).toEqual([0, 0]);
  });

  test("a missing category is a level of its own, here the reference", () => {
    expect(pipeline.features[1]).toMatchObject({ reference: "(missing)" });
  });

  test("rows go to their tasks in order", () => {
    const tasks = tasksFromRows(applyPipeline(pipeline, data, [3, 0, 1]));
    expect(tasks.map(({ name, y }) => [name, Array.from(y as Float64Array)])).toEqual([
      ["b", [3, -1]],
      ["a", [-3]],
    ]);
  });

  test("a constant feature is zero, whatever its size", () => {
    for (const constant of [0, 0.1, 1e300, 1e-300]) {
      const flat = table({ task: ["a", "a", "a"], f: [constant, constant, constant], y: [1, 2, 3] });
      const { x } = applyPipeline(fitPipeline(flat, schema), flat);
      for (const value of x) expect(Math.abs(value)).toBeLessThan(1e-12 * Math.max(1, constant));
    }
  });

  test("huge and tiny features are standardised alike", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 2, maxLength: 9 }), (values) => {
        const scaled = (factor: number) => {
          const it = table({ task: values.map(() => "a"), f: values.map((v) => v * factor), y: values });
          return applyPipeline(fitPipeline(it, schema), it).x;
        };
        const plain = scaled(1);
        for (const factor of [2 ** 900, 2 ** -900]) {
          for (const [i, value] of scaled(factor).entries()) expect(value).toBeCloseTo(plain[i]!, 9);
        }
      }),
    );
  });
});

describe("inferSchema", () => {
  test("numbers are numeric, texts categorical, empty columns nothing, and what is declared is followed", () => {
    const data = table({ task: ["1", "2"], y: [1, 2], n: ["1e3", "-.5"], c: ["x", "y"], e: ["", "NA"], z: [1, 2] });
    expect(inferSchema(data, schema)).toEqual({ numeric: ["n", "z"], categorical: ["c"] });
    expect(inferSchema(data, { ...schema, categorical: ["z"], ignore: ["c"] })).toEqual({
      numeric: ["n"],
      categorical: ["z"],
    });
  });

  test("a column may bear any name", () => {
    const data = createTable([
      { name: "task", values: ["a", "b"] },
      { name: "__proto__", values: [1, 2] },
      { name: "constructor", values: [2, 1] },
      { name: "y", values: [1, 2] },
    ]);
    expect(fitPipeline(data, schema).names).toEqual(["__proto__", "constructor"]);
  });
});

describe("bad tables are refused with their place", () => {
  const base = { task: ["a", "b", "b"], f: ["1", "2", "4"], y: ["1", "2", "3"] };
  test.each<[string, Record<string, readonly unknown[]>, RegExp]>([
    ["a missing column", { task: ["a"], f: [1] }, /no column "y"; its columns are "task", "f"/],
    ["a target that is no number", { ...base, y: ["1", "two", "3"] }, /task "b", row 2, column "y" is "two"/],
    ["a missing target", { ...base, y: ["1", "2", ""] }, /row 3, column "y" is ""/],
    ["a target of NaN", { ...base, y: [1, Number.NaN, 2] }, /task "b", row 2, column "y" is NaN/],
    ["infinity in a feature", { ...base, f: [1, 2, Number.POSITIVE_INFINITY] }, /row 3, column "f" is Infinity/],
    ["a text among numbers", { ...base, f: ["1", "2", "4x"] }, /row 3, column "f" is "4x".*2 of its 3/],
    ["a row of no task", { ...base, task: ["a", "", "b"] }, /row 2, column "task" names no task/],
    ["no features", { task: ["a"], y: [1] }, /no column is left as a feature/],
  ])("%s", (_, columns, message) => {
    expect(() => fitPipeline(table(columns), schema)).toThrow(message);
    expect(() => fitPipeline(table(columns), schema)).toThrow(InputError);
  });

  test("a declared numeric feature that holds a text", () => {
    const data = table({ ...base, f: ["x", "y", "1"] });
    expect(() => fitPipeline(data, { ...schema, numeric: ["f"] })).toThrow(/task "a", row 1, column "f" is "x"/);
  });

  test("a column of row names", () => {
    const many = Array.from({ length: 150 }, (_, i) => `id ${i}`);
    const data = table({ task: many.map(() => "a"), id: many, y: many.map((_, i) => i) });
    expect(() => fitPipeline(data, schema)).toThrow(/"id" has 150 different texts in 150 rows/);
  });

  test("empty tables, unequal columns, repeated and empty names", () => {
    expect(() => createTable([])).toThrow(/no columns/);
    expect(() => table({ a: [] })).toThrow(/no rows/);
    expect(() => table({ a: [1], b: [1, 2] })).toThrow(/"a" has 1 rows and "b" has 2/);
    expect(() => createTable([{ name: "a", values: [1] }, { name: "a", values: [1] }])).toThrow(/two columns are named "a"/); // biome-ignore format: one line
    expect(() => table({ "": [1] })).toThrow(/column 1 has an empty name/);
  });
});

test("robust scaling: one wild value moves neither centre nor scale; a column mostly alike falls back", () => {
  const values = [1, 2, 3, 4, 5, 6, 7, 8, 1e300];
  const table = createTable([
    { name: "task", values: values.map(() => "a") },
    { name: "wild", values },
    { name: "alike", values: values.map((_, i) => Number(i === 0)) },
    { name: "target", values },
  ]);
  const schema = { task: "task", target: "target", scaling: "robust" } as const;
  const { features } = fitPipeline(table, schema);
  // Quartiles 3 and 7; those of a standard normal are ±.67449.
  expect(features[0]).toMatchObject({ mean: 5, scale: expect.closeTo(4 / (2 * 0.6744897501960817), 10) });
  expect(features[1]).toMatchObject({ mean: 0, scale: expect.closeTo(Math.sqrt(8) / 9, 10) });
});
