import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { kinship, temporaryFolder } from "../support.js";
import { shopNames, shops } from "./data.js";

const folder = temporaryFolder();
const data = folder.file("shops.csv", shops());
const columns = ["--task", "shop", "--target", "sales"];
let runs = 0;
const fresh = (): string => join(folder.path, `out ${runs++}`);

/** Everything but the seconds, which no two runs share. */
const timeless = (report: string): string => report.replace(/<td>\d+\.\d\d<\/td><\/tr>/g, "<td></td></tr>");

describe("fit", () => {
  test("writes a model and a report, prints a table, and is silent on standard error", async () => {
    const out = fresh();
    const { code, output, error } = await kinship(["fit", data, ...columns, "--out", out]);
    expect({ code, error }).toEqual({ code: 0, error: "" });
    expect(readdirSync(out).sort()).toEqual(["model.json", "report.html"]);
    for (const method of ["single-task", "pooled", "multi-task"]) expect(output).toContain(method);
    expect(output).toContain(`report: ${join(out, "report.html")}`);
    expect(output).toMatch(/6 shops, 18 rows to learn from, 54 to test on/);
    expect(() => JSON.parse(readFileSync(join(out, "model.json"), "utf8"))).not.toThrow();
  });

  test("learns how the tasks are tied, shows it, and predicts by what was saved", async () => {
    const out = fresh();
    const { code, output, error } = await kinship(["fit", data, ...columns, "--kinship", "learned", "--out", out]);
    expect({ code, error }).toEqual({ code: 0, error: "" });
    expect(output).toContain("multi-task");
    const model = JSON.parse(readFileSync(join(out, "model.json"), "utf8"));
    expect(model.method).toBe("learned");
    // Beside the star of the prior, every two of the six shops.
    expect(model.kinship.value.length).toBe(6 + 15);
    expect(readFileSync(join(out, "report.html"), "utf8")).toContain("was learned with their models");
    const predicted = await kinship(["predict", join(out, "model.json"), data]);
    expect(predicted.code).toBe(0);
  });

  test("gives the same files for the same seed and others for another", async () => {
    const outs = [fresh(), fresh(), fresh()];
    const seeds = ["1", "1", "2"];
    for (const [index, out] of outs.entries()) {
      const { code } = await kinship(["fit", data, ...columns, "--seed", seeds[index]!, "--out", out]);
      expect(code).toBe(0);
    }
    const [first, again, other] = outs.map((out) => readFileSync(join(out, "model.json"), "utf8"));
    expect(again).toBe(first);
    expect(other).not.toBe(first);
    const [page, samePage] = outs.map((out) => timeless(readFileSync(join(out, "report.html"), "utf8")));
    expect(samePage).toBe(page);
  });

  test.each([
    ["semicolons", shops({ separator: ";" })],
    ["CRLF and a byte-order mark", `\uFEFF${shops().replaceAll("\n", "\r\n")}`],
    ["quotes", shops().replaceAll(/shop (\d)/g, '"shop $1"')],
  ])("reads %s to the same model", async (_, text) => {
    const [plain, other] = [fresh(), fresh()];
    await kinship(["fit", data, ...columns, "--out", plain]);
    const { code } = await kinship(["fit", folder.file("other.csv", text), ...columns, "--out", other]);
    expect(code).toBe(0);
    const [expected, found] = [plain, other].map((out) => readFileSync(join(out, "model.json"), "utf8"));
    expect(found).toBe(expected);
  });

  test("holds out the share that --test says", async () => {
    const { output } = await kinship(["fit", data, ...columns, "--test", "0.25", "--out", fresh()]);
    expect(output).toMatch(/54 rows to learn from, 18 to test on/);
  });

  test("takes the features that --features says", async () => {
    const out = fresh();
    expect((await kinship(["fit", data, ...columns, "--features", "area", "--out", out])).code).toBe(0);
    expect(readFileSync(join(out, "report.html"), "utf8")).toContain("the features <code>area</code>.");
  });

  const edges = "shop,other,weight\nshop 0,shop 1,1\nshop 2,shop 3,2\n";
  const square = (entry: (i: number, j: number) => number): string =>
    [shopNames().join(","), ...shopNames().map((_, i) => shopNames().map((__, j) => entry(i, j)))].join("\n");

  test.each([
    ["mean", ["--kinship", "mean"], /each shop is drawn to the average of all shops/],
    ["identity", ["--kinship", "identity"], /no shop is tied to another/],
    ["a graph", ["--kinship", folder.file("edges.csv", edges)], /shops that are joined in edges.csv are drawn/],
    [
      "a matrix",
      [
        "--kinship",
        folder.file(
          "k.csv",
          square((i, j) => (i === j ? 6 : -1)),
        ),
      ],
      /those of k.csv/,
    ],
    [
      "a tree",
      [
        "--parent",
        "town",
        "--tasks",
        folder.file(
          "towns.csv",
          `shop,town\n${shopNames()
            .map((name, i) => `${name},town ${i % 2}`)
            .join("\n")}`,
        ),
      ],
      /each shop is drawn to its town/,
    ],
    [
      "a deep tree",
      [
        "--kinship",
        "tree",
        "--parent",
        "in",
        "--tasks",
        folder.file(
          "deep.csv",
          `shop,in\n${shopNames()
            .map((name, i) => `${name},town ${i % 2}`)
            .join("\n")}\ntown 0,north\ntown 1,north\nnorth,\n`,
        ),
      ],
      /each shop is drawn to its in/,
    ],
  ])("ties tasks by %s", async (_, option, description) => {
    const out = fresh();
    const { code, error } = await kinship(["fit", data, ...columns, ...option, "--out", out]);
    expect({ code, error }).toEqual({ code: 0, error: "" });
    expect(readFileSync(join(out, "report.html"), "utf8")).toMatch(description);
  });

  test("a matrix in another order of tasks is the same matrix", async () => {
    const entry = (i: number, j: number): number => (i === j ? 4 + i : -1 / (1 + i + j));
    const backwards = [...shopNames().keys()].reverse();
    const text = `name,${backwards.map((i) => shopNames()[i]).join(",")}\n${backwards
      .map((i) => `${shopNames()[i]},${backwards.map((j) => entry(i, j)).join(",")}`)
      .join("\n")}\n`;
    const [plain, reversed] = [fresh(), fresh()];
    await kinship(["fit", data, ...columns, "--kinship", folder.file("k1.csv", square(entry)), "--out", plain]);
    await kinship(["fit", data, ...columns, "--kinship", folder.file("k2.csv", text), "--out", reversed]);
    const [expected, found] = [plain, reversed].map((out) => readFileSync(join(out, "model.json"), "utf8"));
    expect(found).toBe(expected);
  });

  const matrix = (entry: (i: number, j: number) => number | string, header = shopNames()): string =>
    `${header.join(",")}\n${header.map((_, i) => header.map((__, j) => entry(i, j)).join(",")).join("\n")}\n`;
  const towns = (change: (row: string, index: number) => string): string =>
    `shop,town\n${shopNames()
      .map((name, index) => change(`${name},town ${index % 2}`, index))
      .join("\n")}\n`;
  const tree = (text: string): string[] => ["--tasks", folder.file("towns.csv", text), "--parent", "town"];
  const relation = (text: string): string[] => ["--kinship", folder.file("relation.csv", text)];

  test.each<[string, () => string[], RegExp]>([
    [
      "a missing file",
      () => ["fit", join(folder.path, "none.csv"), ...columns],
      /cannot read .*none\.csv: no such file/,
    ],
    [
      "a missing task column",
      () => ["fit", data, "--task", "store", "--target", "sales"],
      /no column "store", asked for by --task/,
    ],
    [
      "a missing target column",
      () => ["fit", data, "--task", "shop", "--target", "profit"],
      /no column "profit", asked for by --target/,
    ],
    [
      "a missing feature",
      () => ["fit", data, ...columns, "--features", "area,size"],
      /no column "size", asked for by --features/,
    ],
    [
      "one task only",
      () => ["fit", folder.file("bad.csv", "shop,area,sales\na,1,2\na,2,3\n"), ...columns],
      /holds one task only \(a\)/,
    ],
    [
      "a task with one row",
      () => ["fit", folder.file("bad.csv", `${shops()}lonely,1,0,2\n`), ...columns],
      /line 74: shop lonely has one row only/,
    ],
    [
      "a missing table of tasks",
      () => ["fit", data, ...columns, "--tasks", join(folder.path, "none.csv"), "--parent", "town"],
      /cannot read .*none\.csv/,
    ],
    [
      "a table of tasks without the key",
      () => ["fit", data, ...columns, ...tree("name,town\na,b\n")],
      /towns\.csv has no column "shop", asked for by --task/,
    ],
    [
      "a table of tasks without the parents",
      () => ["fit", data, ...columns, ...tree("shop,city\na,b\n")],
      /no column "town", asked for by --parent/,
    ],
    [
      "a task without a row",
      () => ["fit", data, ...columns, ...tree("shop,town\nshop 0,a\n")],
      /no row for shop shop 1, shop 2/,
    ],
    [
      "a task with two rows",
      () => ["fit", data, ...columns, ...tree(`${towns((row) => row)}shop 0,b\n`)],
      /line 8: shop shop 0 has a second row/,
    ],
    [
      "a task without a parent",
      () => ["fit", data, ...columns, ...tree(towns((row, i) => (i === 2 ? "shop 2," : row)))],
      /shop shop 2 has no parent/,
    ],
    [
      "a parent that does not exist",
      () => ["fit", data, ...columns, ...tree(`${towns((row) => row)}town 0,\n`)],
      /"town 1", the parent of shop 1, does not exist/,
    ],
    [
      "a circle of parents",
      () => ["fit", data, ...columns, ...tree(`${towns((row) => row)}town 0,town 1\ntown 1,town 0\n`)],
      /circle, town 0 → town 1 → town 0/,
    ],
    [
      "a graph with an unknown task",
      () => ["fit", data, ...columns, ...relation("a,b,weight\nshop 0,shop 9,1\n")],
      /relation\.csv, line 2: "shop 9" is no task/,
    ],
    [
      "a graph with a weight below zero",
      () => ["fit", data, ...columns, ...relation("a,b,weight\nshop 0,shop 1,-1\n")],
      /line 2: the weight is -1/,
    ],
    [
      "a graph with a weight that is no number",
      () => ["fit", data, ...columns, ...relation("a,b,weight\nshop 0,shop 1,heavy\n")],
      /line 2: the weight cannot be used: "heavy"/,
    ],
    [
      "a graph with a loop",
      () => ["fit", data, ...columns, ...relation("a,b,weight\nshop 0,shop 0,1\n")],
      /joins "shop 0" with itself/,
    ],
    [
      "a graph with an edge twice",
      () => ["fit", data, ...columns, ...relation("a,b,weight\nshop 0,shop 1,1\nshop 1,shop 0,1\n")],
      /line 3: the same edge as on line 2/,
    ],
    [
      "a matrix of the wrong size",
      () => ["fit", data, ...columns, ...relation(matrix((i, j) => Number(i === j), shopNames(5)))],
      /K has the wrong size, 5 columns for 6 tasks; missing: shop 5/,
    ],
    [
      "a matrix of other tasks",
      () => ["fit", data, ...columns, ...relation(matrix((i, j) => Number(i === j), ["x", "y", "z", "u"]))],
      /line 1: y, z, u in the header is no task/,
    ],
    [
      "a matrix with a row too few",
      () => [
        "fit",
        data,
        ...columns,
        ...relation(
          matrix((i, j) => Number(i === j))
            .trimEnd()
            .split("\n")
            .slice(0, -1)
            .join("\n"),
        ),
      ],
      /not square, 5 rows and 6 columns/,
    ],
    [
      "a matrix with a row too many",
      () => ["fit", data, ...columns, ...relation(`${matrix((i, j) => Number(i === j))}0,0,0,0,0,1\n`)],
      /line 8: K is not square/,
    ],
    [
      "a matrix with a text",
      () => ["fit", data, ...columns, ...relation(matrix((i, j) => (i === 1 && j === 2 ? "x" : Number(i === j))))],
      /line 3, column "shop 2": "x" is not a number/,
    ],
    [
      "a matrix that is not symmetric",
      () => ["fit", data, ...columns, ...relation(matrix((i, j) => (i === j ? 6 : i < j ? -1 : -2)))],
      /relation\.csv: .*not symmetric/,
    ],
    [
      "a matrix that is indefinite",
      () => ["fit", data, ...columns, ...relation(matrix((i, j) => (i === j ? 1 : -1)))],
      /relation\.csv: .*smallest eigenvalue is -4/,
    ],
    [
      "an output folder that is a file",
      () => ["fit", data, ...columns, "--out", data],
      /cannot write to .*is a file, not a folder/,
    ],
  ])("refuses %s: one message, exit code 1, nothing written", async (_, commandLine, message) => {
    const out = fresh();
    const words = commandLine();
    const { code, output, error } = await kinship(words.includes("--out") ? words : [...words, "--out", out]);
    expect({ code, output }).toEqual({ code: 1, output: "" });
    expect(error).toMatch(message);
    expect(error).toMatch(/^error: [^\n]+\n$/);
    expect(existsSync(out)).toBe(false);
  });
});
