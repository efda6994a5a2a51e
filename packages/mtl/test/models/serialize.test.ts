import {
  applyPipeline,
  compareModels,
  createTable,
  deserialize,
  fitKNorm,
  graphKinship,
  InputError,
  type LinearModel,
  meanKinship,
  predict,
  serialize,
  splitWithinTasks,
} from "@kinship/mtl";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { penalty, relations, tasksOf } from "../support/problems.js";

const table = createTable([
  { name: "task", values: Array.from({ length: 40 }, (_, i) => ["__proto__", "b", "constructor"][i % 3]!) },
  { name: "size", values: Array.from({ length: 40 }, (_, i) => (i % 7 === 0 ? "" : `${Math.sin(i)}`)) },
  { name: "kind", values: Array.from({ length: 40 }, (_, i) => ["x", "y", "__proto__"][i % 4]!) },
  { name: "y", values: Array.from({ length: 40 }, (_, i) => Math.cos(i * 1.3) / 3) },
]);

async function fitted(): Promise<LinearModel> {
  const split = splitWithinTasks(table, { task: "task", test: 0.25 });
  const { multi } = await compareModels({
    table,
    split,
    schema: { task: "task", target: "y" },
    kinship: meanKinship(),
  });
  return multi.model;
}

describe("a model that is saved and loaded", () => {
  test("is the same to the bit, for every kinship", () => {
    fc.assert(
      fc.property(fc.constantFrom(...relations.slice(0, 5)), tasksOf(), penalty, (relation, tasks, lambda) => {
        const model = fitKNorm({ tasks, kinship: relation.kinship(tasks.length), lambda });
        // toEqual tells −0 from 0.
        expect(deserialize(serialize(model))).toEqual(model);
      }),
    );
  });

  test("keeps every float64, −0 and the smallest included", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const model = fitKNorm({ tasks: [{ name: "a", x: [[1]], y: [1] }], kinship: meanKinship(), lambda: 1 });
        const changed = { ...model, weights: Float64Array.of(value, -0), intercepts: Float64Array.of(-value, 5e-324) };
        expect(deserialize(serialize(changed))).toEqual(changed);
      }),
    );
  });

  test("predicts the same, whatever tasks and columns are called", async () => {
    const model = await fitted();
    const loaded = deserialize(serialize(model));
    expect(loaded).toEqual(model);
    expect(predict(loaded, table)).toEqual(predict(model, table));
    expect(applyPipeline(loaded.pipeline!, table)).toEqual(applyPipeline(model.pipeline!, table));
  });
});

describe("what is no model is refused", () => {
  const model = fitKNorm({
    tasks: [
      { name: "a", x: [[1, 2]], y: [1] },
      { name: "b", x: [[2, 1]], y: [3] },
    ],
    kinship: graphKinship({ edges: [["a", "b"]] }),
    lambda: 1,
  });
  const text = serialize(model);
  const changed = (change: (document: Record<string, never> & Record<string, Record<string, unknown>>) => void) => {
    const document = JSON.parse(text);
    change(document);
    return JSON.stringify(document);
  };

  test("wherever the text is cut short", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: text.length - 1 }), (length) => {
        expect(() => deserialize(text.slice(0, length))).toThrow(InputError);
      }),
    );
  });

  test("whatever single value is replaced by one of another type", () => {
    const paths: (string | number)[][] = [];
    const collect = (value: unknown, path: (string | number)[]) => {
      if (path.length > 0) paths.push(path);
      if (Array.isArray(value)) for (const [i, item] of value.entries()) collect(item, [...path, i]);
      else if (typeof value === "object" && value !== null) {
        for (const [key, item] of Object.entries(value)) collect(item, [...path, key]);
      }
    };
    collect(JSON.parse(text), []);
    for (const path of paths) {
      const broken = changed((document) => {
        let holder = document as never as Record<string | number, never>;
        for (const key of path.slice(0, -1)) holder = holder[key]!;
        holder[path.at(-1)!] = [{ wrong: true }] as never;
      });
      expect(() => deserialize(broken), path.join(".")).toThrow(InputError);
    }
  });

  test.each<[string, string, RegExp]>([
    ["another version", text.replace('"version":4', '"version":3'), /version 3, and version 4 is what is read/],
    ["another format", text.replace("kinship linear", "other"), /must be a "kinship linear model"/],
    ["a hostile key", text.replace("{", '{"__proto__":{"polluted":1},'), /unknown key "__proto__"/],
    ["a hostile key within", text.replace('"kinship":{', '"kinship":{"__proto__":{"polluted":1},'), /model\.kinship has the unknown key "__proto__"/], // biome-ignore format: one line
    ["a missing key", text.replace('"lambda":1,', ""), /lacks the key "lambda"/],
    ["NaN spelt out", text.replace('"lambda":1,', '"lambda":"NaN",'), /model\.lambda must be a finite number, it is "NaN"/], // biome-ignore format: one line
    ["an overflow", text.replace('"lambda":1,', '"lambda":1e999,'), /model\.lambda must be a finite number/],
    ["a list instead", "[]", /must be a "kinship linear model", it is a list of 0/],
    ["null", "null", /must be/],
    ["an edge to nowhere", changed((d) => { (d.kinship as { to: unknown }).to = [7]; }), /kinship\.to\[0\] must be a whole number below 2/], // biome-ignore format: one line
    ["too few weights", changed((d) => { d.weights = [1] as never; }), /weights must be a list of 4, it is a list of 1/], // biome-ignore format: one line
  ])("%s", (_, broken, message) => {
    expect(() => deserialize(broken)).toThrow(message);
    expect(() => deserialize(broken)).toThrow(InputError);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });
});
