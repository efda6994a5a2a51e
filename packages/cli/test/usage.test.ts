import { describe, expect, test } from "vitest";
import { wantsColour } from "../src/io.js";
import { kinship, temporaryFolder } from "./support.js";

const columns = ["--task", "shop", "--target", "sales"];

describe("help", () => {
  test.each([[["--help"]], [["fit", "--help"]], [["predict", "--help"]]])(
    "%j explains with examples and succeeds",
    async (words) => {
      const { code, output, error } = await kinship(words);
      expect({ code, error }).toEqual({ code: 0, error: "" });
      expect(output).toMatch(/^Usage: kinship/);
      expect(output).toMatch(/Examples:\n {2}/);
    },
  );

  test("--version prints the version of the package", async () => {
    expect((await kinship(["--version"])).output).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe("usage errors leave with code 2 and say what is wrong", () => {
  test.each<[string, string[], RegExp]>([
    ["no command", [], /Usage: kinship/],
    ["an unknown command", ["learn"], /unknown command 'learn'/],
    ["an unknown option", ["fit", "a.csv", ...columns, "--fast"], /unknown option '--fast'/],
    ["no data", ["fit", ...columns], /missing required argument 'data.csv'/],
    ["no --task", ["fit", "a.csv", "--target", "y"], /required option '--task <column>' not specified/],
    ["no --target", ["fit", "a.csv", "--task", "t"], /required option '--target <column>' not specified/],
    ["task and target the same", ["fit", "a.csv", "--task", "t", "--target", "t"], /the same column, "t"/],
    [
      "the target among the features",
      ["fit", "a.csv", ...columns, "--features", "x,sales"],
      /--features holds "sales"/,
    ],
    ["a feature twice", ["fit", "a.csv", ...columns, "--features", "x,x"], /twice/],
    ["an empty feature", ["fit", "a.csv", ...columns, "--features", "x,,y"], /empty/],
    ["a fraction of 1", ["fit", "a.csv", ...columns, "--test", "1"], /between 0 and 1/],
    ["a fraction that is none", ["fit", "a.csv", ...columns, "--test", "many"], /between 0 and 1/],
    ["a seed that is no whole number", ["fit", "a.csv", ...columns, "--seed", "1.5"], /whole number/],
    ["an unknown kinship", ["fit", "a.csv", ...columns, "--kinship", "cousins"], /not "cousins"/],
    ["a tree without parents", ["fit", "a.csv", ...columns, "--kinship", "tree"], /needs --parent/],
    ["parents without a table", ["fit", "a.csv", ...columns, "--parent", "town"], /--tasks, which is missing/],
    ["a table without parents", ["fit", "a.csv", ...columns, "--tasks", "t.csv"], /name their column with --parent/],
    [
      "an unknown method",
      ["fit", "a.csv", ...columns, "--method", "best"],
      /--method is one of .*trace-norm.*; not "best"/,
    ],
    [
      "a sum of what is no part",
      ["fit", "a.csv", ...columns, "--method", "lasso+best"],
      /--method "lasso\+best": "best" is no part/,
    ],
    [
      "ties that a sum does not use",
      ["fit", "a.csv", ...columns, "--method", "lasso+ridge", "--kinship", "k.csv"],
      /goes with the methods k-norm, learned, graph-fused, not lasso\+ridge/,
    ],
    [
      "a fused sum without a graph",
      ["fit", "a.csv", ...columns, "--method", "lasso+graph-fused"],
      /lasso\+graph-fused needs --kinship FILE/,
    ],
    ["a baseline as the method", ["fit", "a.csv", ...columns, "--method", "pooled"], /pooled is a baseline/],
    ["an unknown loss", ["fit", "a.csv", ...columns, "--loss", "hinge"], /Allowed choices are squared, huber/],
    ["one method and all", ["fit", "a.csv", ...columns, "--method", "lasso", "--compare", "all"], /leave --method out/],
    [
      "ties that are not used",
      ["fit", "a.csv", ...columns, "--method", "lasso", "--kinship", "k.csv"],
      /goes with the methods/,
    ],
    ["a fused graph without one", ["fit", "a.csv", ...columns, "--method", "graph-fused"], /needs --kinship FILE/],
    [
      "learned counts",
      ["fit", "a.csv", ...columns, "--kinship", "learned", "--loss", "poisson"],
      /squared errors only/,
    ],
    ["interactions with nothing", ["fit", "a.csv", ...columns, "--interactions"], /with --descriptors/],
    ["descriptors without a table", ["fit", "a.csv", ...columns, "--descriptors", "a"], /--tasks, which is missing/],
    ["no worker", ["fit", "a.csv", ...columns, "--workers", "0"], /whole number from 1 to 256/],
    [
      "parents that are not used",
      ["fit", "a.csv", ...columns, "--tasks", "t.csv", "--parent", "p", "--kinship", "mean"],
      /goes with --kinship tree/,
    ],
    ["no model", ["predict"], /missing required argument 'model.json'/],
  ])("%s", async (_, words, message) => {
    const { code, output, error } = await kinship(words);
    expect({ code, output }).toEqual({ code: 2, output: "" });
    expect(error).toMatch(message);
  });
});

test("KINSHIP_DEBUG adds the stack trace, nothing else does", async () => {
  const words = ["fit", `${temporaryFolder().path}/none.csv`, ...columns];
  expect((await kinship(words)).error).not.toMatch(/\n {4}at /);
  expect((await kinship(words, { environment: { KINSHIP_DEBUG: "1" } })).error).toMatch(/\n {4}at /);
});

test("colour is for terminals, and NO_COLOR forbids it", () => {
  const stream = (isTTY: boolean) => ({ write: () => true, isTTY });
  expect(wantsColour(stream(true), {})).toBe(true);
  expect(wantsColour(stream(false), {})).toBe(false);
  expect(wantsColour(stream(true), { NO_COLOR: "1" })).toBe(false);
  expect(wantsColour(stream(true), { NO_COLOR: "" })).toBe(true);
  expect(wantsColour(stream(true), { TERM: "dumb" })).toBe(false);
});
