import {
  applyPipeline,
  createTable,
  deserialize,
  fitLinear,
  fitPipeline,
  predict,
  ridge,
  serialize,
  tasksFromRows,
} from "@kinship/mtl";
import { describe, expect, test } from "vitest";

const table = (columns: Record<string, readonly (string | number | null)[]>) =>
  createTable(Object.entries(columns).map(([name, values]) => ({ name, values })));
const students = table({
  school: ["a", "a", "b", "b", "c", "c"],
  ses: [-1, 1, 0, 2, 3, 1],
  y: [1, 2, 3, 5, 8, 4],
});
const schools = table({
  school: ["c", "a", "b", "d"],
  size: [300, 100, 200, 900],
  sector: ["public", "catholic", "public", "catholic"],
  motto: ["x", "y", "z", "u"],
});
const schema = {
  ...{ task: "school", target: "y" },
  descriptors: { table: schools, columns: ["size", "sector"] },
};

describe("interactions with descriptors", () => {
  const rows = [0, 1, 2, 3];
  const pipeline = fitPipeline(students, schema, rows);

  test("are columns behind the features: the descriptors, and the product of each with each", () => {
    expect(pipeline.names).toEqual(["ses", "size", "sector = public", "ses × size", "ses × sector = public"]);
    const { x, features } = applyPipeline(pipeline, students, rows);
    expect(features).toBe(5);
    const column = (k: number) => rows.map((_, i) => x[i * 5 + k]!);
    // Schools a and b train: 100 and 200 are −1 and 1, catholic and public too.
    const ses = [-1.5, 0.5, -0.5, 1.5].map((value) => value / Math.sqrt(1.25));
    expect(column(0).map((value, i) => value - ses[i]!)).toEqual(ses.map(() => expect.closeTo(0, 12)));
    expect(column(1)).toEqual([-1, -1, 1, 1]);
    const products = ses.map((value, i) => value * [-1, -1, 1, 1][i]!);
    const mean = products.reduce((sum, value) => sum + value / 4, 0);
    const scale = Math.sqrt(products.reduce((sum, value) => sum + (value - mean) ** 2 / 4, 0));
    for (const k of [3, 4]) {
      expect(column(k)).toEqual(products.map((value) => expect.closeTo((value - mean) / scale, 12)));
    }
  });

  test("know every task of the table, learn further ones, and take a task of which nothing is known for the average", () => {
    const later = table({ school: ["d", "e", "f"], ses: [0.5, 0.5, 0.5] });
    const known = applyPipeline(pipeline, later, undefined, { target: false }).x;
    // 900 is 15 deviations from 150; e and f are not described.
    expect([known[1], known[6], known[11]]).toEqual([15, 0, 0]);
    const more = table({ school: ["e"], size: [250], sector: ["catholic"] });
    const told = applyPipeline(pipeline, later, undefined, { target: false, descriptors: more }).x;
    expect([told[1], told[6], told[7], told[11]]).toEqual([15, 2, -1, 0]);
  });

  test("are saved with the model, to the bit", () => {
    const tasks = tasksFromRows(applyPipeline(pipeline, students, rows));
    const model = fitLinear({ tasks, regularizer: ridge(), lambda: 0.1, pipeline });
    const again = deserialize(serialize(model));
    expect(again).toEqual(model);
    const more = table({ school: ["e"], size: [250], sector: ["public"] });
    const later = table({ school: ["a", "e"], ses: [0.5, 3] });
    const [told, silent] = [{ descriptors: more }, {}].map((options) => predict(again, later, options));
    expect(told).toEqual(predict(model, later, { descriptors: more }));
    expect(told![0]).toBe(silent![0]);
    expect(told![1]).not.toBe(silent![1]);
    const broken = serialize(model).replace('"values":[', '"values":[1,');
    expect(() => deserialize(broken)).toThrow(/interactions\.values must be a list of 8/);
  });

  test.each<[string, () => unknown, RegExp]>([
    [
      "a task that is not described",
      () => fitPipeline(students, { ...schema, descriptors: { table: table({ school: ["a"], size: [1] }) } }),
      /no row of the descriptors describes task "b"/,
    ],
    [
      "a task described twice",
      () => fitPipeline(students, { ...schema, descriptors: { table: table({ school: ["a", "a"], size: [1, 2] }) } }),
      /task "a" has two rows/,
    ],
    [
      "a column that is not there",
      () => fitPipeline(students, { ...schema, descriptors: { table: schools, columns: ["height"] } }),
      /no column "height"/,
    ],
    [
      "no column but the key",
      () => fitPipeline(students, { ...schema, descriptors: { table: table({ school: ["a", "b", "c"] }) } }),
      /no column but its key/,
    ],
    [
      "a value that is no number",
      () =>
        fitPipeline(students, {
          ...schema,
          descriptors: { table: table({ school: ["a", "b", "c"], size: [1, "much", 2] }) },
        }),
      /row 2, column "size" is "much"/,
    ],
  ])("refuse %s", (_, work, message) => {
    expect(work).toThrow(message);
  });
});
