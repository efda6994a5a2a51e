import { readFileSync } from "node:fs";
import { join } from "node:path";
import { deserialize, serialize } from "@kinship/mtl";
import { describe, expect, test } from "vitest";
import { kinship, temporaryFolder } from "../support.js";

const folder = temporaryFolder();
let runs = 0;
const fresh = (): string => join(folder.path, `out ${runs++}`);

interface Mine {
  readonly name: string;
  readonly depth: number;
  readonly rock: "chalk" | "slate";
}

/** What a row of a mine gives is a smooth function of its x, of how deep the mine is, and of its rock. */
const truth = ({ depth, rock }: Mine, x: number): number => {
  const slate = rock === "slate" ? 1 : 0;
  return 10 + 4 * depth - 3 * slate + (1 + 2 * depth + 1.5 * slate) * x;
};
const mine = (name: string, k: number): Mine => ({
  name,
  depth: Math.sin(7 * k + 1),
  rock: Math.cos(5 * k) > 0 ? "slate" : "chalk",
});
const mines = Array.from({ length: 40 }, (_, k) => mine(`mine ${k}`, k));
const strangers = Array.from({ length: 12 }, (_, k) => mine(`new ${k}`, k + 0.37));
const xs = [-1.5, 0.25, 2];

const header = "mine,depth,rock,owner\n";
const describing = (of: readonly Mine[]): string =>
  header + of.map(({ name, depth, rock }) => `${name},${depth},${rock},x\n`).join("");
const rows = mines.flatMap((of, k) =>
  Array.from({ length: 9 }, (_, i) => {
    const x = 2 * Math.sin(3 * i + k);
    return `${of.name},${x},${truth(of, x) + 0.05 * Math.sin(37 * i + 11 * k)}\n`;
  }),
);
const data = folder.file("rows.csv", `mine,x,yield\n${rows.join("")}`);
const tasks = folder.file("mines.csv", describing(mines));
const more = folder.file("more.csv", describing(strangers));
const later = folder.file(
  "later.csv",
  `mine,x\n${strangers.flatMap(({ name }) => xs.map((x) => `${name},${x}\n`)).join("")}`,
);
const fit = ["fit", data, "--task", "mine", "--target", "yield", "--tasks", tasks, "--descriptors", "depth,rock"];
/** The root of the mean squared difference from the truth, over the standard deviation of the truth. */
function errorOf(output: string): number {
  const expected = strangers.flatMap((of) => xs.map((x) => truth(of, x)));
  const found = output
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => Number(line.split(",").at(-1)));
  expect(found.length).toBe(expected.length);
  const mean = expected.reduce((sum, value) => sum + value / expected.length, 0);
  const squares = (of: (k: number) => number) => expected.reduce((sum, _, k) => sum + of(k) ** 2, 0);
  return Math.sqrt(squares((k) => found[k]! - expected[k]!) / squares((k) => expected[k]! - mean));
}

describe.each([
  ["descriptors", [], 0.02],
  ["descriptors-rbf", [], 0.1],
  ["descriptors", ["--method", "learned"], 0.05],
  ["descriptors", ["--method", "k-norm+0.01lasso"], 0.05],
] as const)("--kinship %s %s", (kind, method, bound) => {
  test("gives a task never seen the model that its descriptors tell, after an exact round trip", async () => {
    const out = fresh();
    const fitted = await kinship([...fit, "--kinship", kind, ...method, "--test", "0.4", "--out", out]);
    expect({ code: fitted.code, error: fitted.error }).toEqual({ code: 0, error: "" });
    const path = join(out, "model.json");
    const saved = readFileSync(path, "utf8");
    expect(serialize(deserialize(saved))).toBe(saved);
    const { code, output, error } = await kinship(["predict", path, later, "--tasks", more]);
    expect({ code, error }).toEqual({ code: 0, error: "" });
    expect(errorOf(output)).toBeLessThan(bound);
    // The rows of two mines swapped: the error of who looks at nothing would stay the same.
    const swapped = describing(strangers.map((of, k) => ({ ...strangers[(k + 1) % 12]!, name: of.name })));
    const wrong = await kinship(["predict", path, later, "--tasks", folder.file("swapped.csv", swapped)]);
    expect(errorOf(wrong.output)).toBeGreaterThan(0.5);
  });
});

describe("a task never seen", () => {
  const model = async (...options: string[]): Promise<string> => {
    const out = fresh();
    const { code } = await kinship([...fit, "--kinship", "descriptors", ...options, "--out", out]);
    expect(code).toBe(0);
    return join(out, "model.json");
  };

  test("that the table described already when the model was fitted needs no other table", async () => {
    const out = fresh();
    const all = folder.file("all.csv", describing([...mines, ...strangers]));
    const words = fit.map((word) => (word === tasks ? all : word));
    expect((await kinship([...words, "--kinship", "descriptors", "--out", out])).code).toBe(0);
    const { code, output, error } = await kinship(["predict", join(out, "model.json"), later]);
    expect({ code, error }).toEqual({ code: 0, error: "" });
    expect(errorOf(output)).toBeLessThan(0.02);
  });

  test("may have a cell that is missing, or a text that no task had: they count as the average", async () => {
    const path = await model();
    const table = (depth: string, rock: string) =>
      folder.file("odd.csv", `mine,depth,rock\n${strangers.map(({ name }) => `${name},${depth},${rock}\n`).join("")}`);
    const mean = mines.reduce((sum, { depth }) => sum + depth / mines.length, 0);
    const [empty, average] = [
      await kinship(["predict", path, later, "--tasks", table("", "slate")]),
      await kinship(["predict", path, later, "--tasks", table(String(mean), "slate")]),
    ];
    const numbers = (text: string) => text.trim().split("\n").slice(1).map((line) => Number(line.split(",").at(-1))); // biome-ignore format: one line
    for (const [k, value] of numbers(empty.output).entries()) expect(value).toBeCloseTo(numbers(average.output)[k]!, 9);
    expect((await kinship(["predict", path, later, "--tasks", table("0", "granite")])).code).toBe(0);
  });

  test.each<[string, string[], RegExp]>([
    [
      "without a table",
      [],
      /model\.json knows no row for mine new 0, .* and 6 more, which the model has not seen; .* in --tasks FILE, with the columns mine, depth, rock/,
    ],
    [
      "without a row in it",
      ["--tasks", folder.file("few.csv", describing(strangers.slice(1)))],
      /few\.csv has no row for mine new 0, which the model has not seen/,
    ],
    [
      "with a column missing",
      ["--tasks", folder.file("narrow.csv", "mine,depth\nnew 0,1\n")],
      /narrow\.csv has no column "rock", asked for by model\.json; its columns are: mine, depth/,
    ],
    [
      "without the column of its name",
      ["--tasks", folder.file("nameless.csv", "pit,depth,rock\nnew 0,1,slate\n")],
      /nameless\.csv has no column "mine", asked for by model\.json/,
    ],
    [
      "with a text where numbers were",
      ["--tasks", folder.file("text.csv", "mine,depth,rock\nnew 0,deep,slate\n")],
      /text\.csv, line 2 \(mine new 0, row 1\), column "depth": "deep" is not a number/,
    ],
    [
      "described twice",
      ["--tasks", folder.file("twice.csv", `${describing(strangers)}new 0,1,slate,x\n`)],
      /task "new 0" has two rows/,
    ],
  ])("%s is an error that says what to do", async (_, options, message) => {
    const { code, output, error } = await kinship(["predict", await model(), later, ...options]);
    expect({ code, output }).toEqual({ code: 1, output: "" });
    expect(error).toMatch(message);
  });
});
