import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createTable, deserialize, predict } from "@kinship/mtl";
import { beforeAll, describe, expect, test } from "vitest";
import { kinship, temporaryFolder } from "../support.js";
import { shopNames, shops } from "./data.js";

const folder = temporaryFolder();
const model = join(folder.path, "fit", "model.json");
const rows = "shop,area,sunday\nshop 0,0.5,1\nshop 3,-0.25,0\n";

beforeAll(async () => {
  const data = folder.file("shops.csv", shops());
  const words = ["fit", data, "--task", "shop", "--target", "sales", "--out", join(folder.path, "fit")];
  expect((await kinship(words)).code).toBe(0);
});

const predictText = (text: string): ReturnType<typeof kinship> =>
  kinship(["predict", model, folder.file("new.csv", text)]);

describe("predict", () => {
  test("adds one column, the library's own predictions, in the order of the rows", async () => {
    const { code, output, error } = await predictText(rows);
    expect({ code, error }).toEqual({ code: 0, error: "" });
    const expected = predict(
      deserialize(readFileSync(model, "utf8")),
      createTable([
        { name: "shop", values: ["shop 0", "shop 3"] },
        { name: "area", values: [0.5, -0.25] },
        { name: "sunday", values: [1, 0] },
      ]),
    );
    expect(output).toBe(
      `shop,area,sunday,predicted_sales\nshop 0,0.5,1,${expected[0]}\nshop 3,-0.25,0,${expected[1]}\n`,
    );
  });

  test("predicts the rows that it was fitted on about right", async () => {
    const { output } = await predictText(shops());
    const lines = output.trim().split("\n").slice(1);
    const cells = lines.map((line) => line.split(",").map(Number));
    const mean = cells.reduce((sum, row) => sum + row[3]!, 0) / cells.length;
    const square = (difference: (row: number[]) => number): number =>
      cells.reduce((sum, row) => sum + difference(row) ** 2, 0);
    expect(square((row) => row[4]! - row[3]!)).toBeLessThan(0.2 * square((row) => row[3]! - mean));
  });

  test("needs the columns in no order, and keeps those that it does not need", async () => {
    const { output: plain } = await predictText(rows);
    const { output } = await predictText('note,sunday,shop,area\n"a, ""b""",1,shop 0,0.5\nc,0,shop 3,-0.25\n');
    const last = (text: string): string[] =>
      text
        .trim()
        .split("\n")
        .map((line) => line.slice(line.lastIndexOf(",")));
    expect(last(output)).toEqual(last(plain));
    expect(output).toContain('\n"a, ""b""",1,shop 0,0.5,');
  });

  test("writes to a file that is there whole, and says so", async () => {
    const out = join(folder.path, "predictions", "new.csv");
    const { output } = await kinship(["predict", model, folder.file("new.csv", rows), "--out", out]);
    expect(output).toBe(`2 predictions of sales: ${out}\n`);
    expect(readFileSync(out, "utf8")).toBe((await predictText(rows)).output);
  });

  test("names the tasks that the model has not seen", async () => {
    const { code, output, error } = await predictText("shop,area,sunday\nshop 0,0.5,1\nnew shop,0.5,1\n");
    expect(code).toBe(0);
    expect(output.trim().split("\n")).toHaveLength(3);
    expect(error).toMatch(/^note: the model has not seen 1 shop \(new shop\)/);
  });

  test("predicts a task that it has not seen through its parent", async () => {
    const towns = ["north", "south"];
    const lines = shopNames().map((shop, k) => `${shop},${towns[Math.floor(k / 3)]}`);
    const tasks = folder.file("towns.csv", ["shop,town", ...lines, "new shop,south", "other shop,north"].join("\n"));
    const out = join(folder.path, "tree");
    const relation = ["--tasks", tasks, "--parent", "town"];
    const data = folder.file("shops.csv", shops());
    await kinship(["fit", data, "--task", "shop", "--target", "sales", ...relation, "--out", out]);
    const fresh = folder.file("fresh.csv", "shop,area,sunday\nnew shop,0.5,1\nother shop,0.5,1\n");
    const { code, output, error } = await kinship(["predict", join(out, "model.json"), fresh, ...relation]);
    expect({ code, error }).toEqual({ code: 0, error: "" });
    // Sales rise with the number of the shop, and the south has the higher numbers.
    const [south, north] = output
      .trim()
      .split("\n")
      .slice(1)
      .map((line) => Number(line.split(",")[3]));
    expect(south!).toBeGreaterThan(north! + 0.2);
    expect((await kinship(["predict", join(out, "model.json"), fresh, "--parent", "town"])).code).toBe(2);
  });

  test.each<[string, string, RegExp]>([
    ["a missing feature", "shop,area\nshop 0,1\n", /new\.csv has no column "sunday", asked for by model\.json/],
    ["a missing task", "area,sunday\n1,1\n", /new\.csv has no column "shop", asked for by model\.json/],
    [
      "a feature that is no number",
      "shop,area,sunday\nshop 0,wide,1\n",
      /line 2 \(shop shop 0, row 1\), column "area": "wide" is not a number/,
    ],
    ["an infinite feature", "shop,area,sunday\nshop 0,inf,1\n", /line 2 .*column "area": it is infinite/],
    [
      "predictions that are there already",
      "shop,area,sunday,predicted_sales\nshop 0,1,1,1\n",
      /has a column "predicted_sales" already/,
    ],
    ["no rows", "shop,area,sunday\n", /has a header but no rows/],
  ])("refuses %s", async (_, text, message) => {
    const { code, output, error } = await predictText(text);
    expect({ code, output }).toEqual({ code: 1, output: "" });
    expect(error).toMatch(message);
  });

  const changed = (change: (text: string) => string): string =>
    folder.file("changed.json", change(readFileSync(model, "utf8")));

  test.each<[string, () => string, RegExp]>([
    ["no model", () => join(folder.path, "none.json"), /cannot read .*none\.json: no such file/],
    [
      "a model that is cut short",
      () => changed((text) => text.slice(0, text.length / 2)),
      /changed\.json: .*cut short/,
    ],
    ["an empty model", () => changed(() => ""), /changed\.json: /],
    ["other JSON", () => changed(() => '{"name":"package"}'), /changed\.json: /],
    [
      "a model of another version",
      () => changed((text) => text.replace(/"version": ?\d+/, '"version":999')),
      /version 999/,
    ],
    ["a hostile key", () => changed((text) => text.replace("{", '{"__proto__":{"polluted":true},')), /__proto__/],
  ])("refuses %s and writes nothing", async (_, path, message) => {
    const out = join(folder.path, "never.csv");
    const words = ["predict", path(), folder.file("new.csv", rows), "--out", out];
    const { code, output, error } = await kinship(words);
    expect({ code, output }).toEqual({ code: 1, output: "" });
    expect(error).toMatch(message);
    expect(error).toMatch(/^error: [^\n]+\n$/);
    expect(existsSync(out)).toBe(false);
    expect({}).not.toHaveProperty("polluted");
  });
});
