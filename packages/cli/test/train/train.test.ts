import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { balancers } from "@kinship/mtl";
import { load } from "@kinship/tensor/safetensors";
import { describe, expect, test } from "vitest";
import { architectures, balancing } from "../../src/train/grammar.js";
import { kinship, temporaryFolder } from "../support.js";
import { digitRows, digitsFolder, png, writeFileIn } from "./images.js";

const folder = temporaryFolder();
const at = (name: string) => join(folder.path, name);
const students = fileURLToPath(new URL("../../../../examples/data/hsb/students.csv", import.meta.url));
const schoolsFile = fileURLToPath(new URL("../../../../examples/data/hsb/schools.csv", import.meta.url));
const csv = (path: string) =>
  readFileSync(path, "utf8")
    .trim()
    .split("\n")
    .map((line) => line.split(","));

/** The first schools of High School & Beyond. */
const schools = (rows: number) =>
  folder.file(
    `schools-${rows}.csv`,
    readFileSync(students, "utf8")
      .split("\n")
      .slice(0, rows + 1)
      .join("\n"),
  );

describe("images with a table of labels", () => {
  const digits = digitsFolder(at("digits"), 240);
  const out = at("trained");
  const command = ["train", digits, "--task", "digit:multiclass", "--task", "parity", "--task", "ink"];
  const small = ["--epochs", "4", "--batch", "8", "--rate", "0.01", "--hidden", "16", "--filters", "4,8"];

  test("train, say what was found, and draw it; the model predicts", async () => {
    const { code, output, error } = await kinship([...command, ...small, "--balance", "upGrad", "--out", out]);
    expect([code, error]).toEqual([0, ""]);
    expect(output).toContain("digit: multiclass, 10 classes");
    expect(output).toContain("parity: binary, even or odd; 213 of 240 rows have a label");
    expect(output).toContain("ink: regression");
    expect(output).toContain("168 rows to train on, 24 to validate, 48 to test");
    expect(readdirSync(out).sort()).toEqual(["model.json", "model.safetensors", "report.html"]);

    const report = readFileSync(join(out, "report.html"), "utf8");
    for (const title of ["The losses over 4 epochs", "How upGrad weighed the tasks", "Who helps whom"])
      expect(report).toContain(title);
    for (const title of ["What was taken for what", "Can its probabilities be believed?", "in conflict"])
      expect(report).toContain(title);
    expect(report).not.toMatch(/NaN|undefined|https?:\/\/(?!www\.w3\.org)/);

    const predicted = await kinship(["predict", join(out, "model.json"), digits, "--out", at("predicted.csv")]);
    expect([predicted.code, predicted.error]).toEqual([0, ""]);
    const [header, ...rows] = csv(at("predicted.csv"));
    expect(header).toEqual([
      "file",
      "predicted_digit",
      "probability_digit",
      "predicted_parity",
      "probability_parity",
      "predicted_ink",
    ]);
    expect(rows.length).toBe(240);
    const truth = digitRows(240);
    const place = (file: string) => Number(/(\d+)\.png$/.exec(file)![1]);
    // Most of these rows were trained on: the columns belong to the right images.
    const right = rows.filter(([file, , , parity]) => (parity === "odd") === (truth[place(file!)]!.digit % 2 === 1));
    expect(right.length).toBeGreaterThan(170);
  });

  test("stopped and resumed, it ends with the same bits", async () => {
    const [whole, stopped] = [at("whole"), at("stopped")];
    const options = [...small, "--balance", "gradVac"];
    expect((await kinship([...command, ...options, "--out", whole])).code).toBe(0);
    const controller = new AbortController();
    const first = await kinship([...command, ...options, "--out", stopped], {
      signal: controller.signal,
      isTTY: true,
      // The bar moves a few times a second: somewhere within the training.
      onError: (text) => void (text.includes("training") && controller.abort()),
    });
    expect(first.code).toBe(130);
    expect(first.error).toContain("interrupted; the same command with --resume goes on from");
    expect(readdirSync(stopped)).toEqual(["checkpoint.safetensors"]);
    const other = await kinship([...command, ...options, "--rate", "0.1", "--out", stopped, "--resume"]);
    expect([other.code, other.error]).toEqual([1, expect.stringContaining("resume: optimizer was")]);
    expect((await kinship([...command, ...options, "--out", stopped, "--resume"])).code).toBe(0);
    for (const file of ["model.json", "model.safetensors"])
      expect(readFileSync(join(stopped, file)).equals(readFileSync(join(whole, file)))).toBe(true);
    expect(existsSync(join(stopped, "checkpoint.safetensors"))).toBe(false);
  });
});

test("a folder a class; grey maps and colour images side by side", async () => {
  const shapes = at("shapes");
  for (let k = 0; k < 30; k++) {
    const bright = Array.from({ length: 30 }, (_, p) => (p % 6 < 3 ? 200 + ((7 * k) % 50) : 10));
    const dark = bright.map((value) => 255 - value);
    writeFileIn(join(shapes, "left", `${k}.pgm`), `P2\n6 5\n255\n${bright.join(" ")}\n`);
    writeFileIn(
      join(shapes, "right", `${k}.png`),
      png(
        6,
        5,
        dark.flatMap((value) => [value, value, 90]),
      ),
    );
  }
  const out = at("shapes-out");
  const done = await kinship(["train", shapes, "--epochs", "6", "--hidden", "8", "--filters", "4", "--out", out]);
  expect([done.code, done.error]).toEqual([0, ""]);
  expect(done.output).toContain("class: binary, left or right");
  expect(done.output).toMatch(/class +binary +accuracy +100%|100\.0%/);
  const { reading } = JSON.parse(readFileSync(join(out, "model.json"), "utf8"));
  expect(reading).toEqual({ kind: "images", channels: 3, height: 5, width: 6 });
  const one = await kinship(["predict", join(out, "model.json"), join(shapes, "right", "3.png")]);
  expect(one.output.split("\n")[1]).toContain("3.png,right,");
});

describe("tables", () => {
  test("several tasks in columns, compared with each alone", async () => {
    const out = at("columns");
    const table = schools(300);
    const { code, output, error } = await kinship([
      ...["train", table, "--task", "math", "--task", "minority", "--features", "ses,female", "--hidden", "8"],
      ...["--epochs", "3", "--compare", "single", "--architecture", "mmoe", "--patience", "2", "--out", out],
    ]);
    expect([code, error]).toEqual([0, ""]);
    expect(output).toMatch(/math +regression +R² .* (helped|hurt|unclear)/);
    expect(output).toContain("the mean relative gain over learning each task alone");
    const predicted = await kinship(["predict", join(out, "model.json"), table]);
    const [header, first] = predicted.output.split("\n").map((line) => line.split(","));
    expect(header!.slice(-3)).toEqual(["predicted_math", "predicted_minority", "probability_minority"]);
    expect(Number(first![header!.indexOf("predicted_math")])).toBeGreaterThan(0);
  });

  test("a task for each value of a column, with rows of its own", async () => {
    const out = at("grouped");
    const table = schools(150);
    const command = ["train", table, "--task", "math", "--task-column", "school", "--hidden", "8", "--epochs", "2"];
    const { code, output, error } = await kinship([...command, "--out", out]);
    expect([code, error]).toEqual([0, ""]);
    expect(output).toMatch(/\d tasks, one for each school/);
    expect(output).toContain("of all tasks together");
    const predicted = await kinship(["predict", join(out, "model.json"), table]);
    expect(predicted.output.trim().split("\n").length).toBe(151);
    const stranger = folder.file("stranger.csv", "school,minority,female,ses\nelsewhere,0,1,0.5\n");
    const refused = await kinship(["predict", join(out, "model.json"), stranger]);
    expect([refused.code, refused.error]).toEqual([1, expect.stringContaining("the model has not seen elsewhere")]);
  });

  test.each(architectures)("the %s architecture trains, and its model loads", async (architecture) => {
    const out = at(`architecture-${architecture}`);
    const command = ["train", schools(80), "--task", "math", "--task", "female", "--features", "ses,minority"];
    const done = await kinship([
      ...command,
      "--hidden",
      "4,4",
      "--epochs",
      "1",
      "--architecture",
      architecture,
      "--out",
      out,
    ]);
    expect([done.code, done.error]).toEqual([0, ""]);
    expect((await kinship(["predict", join(out, "model.json"), schools(80)])).code).toBe(0);
  });
});

describe("trunks that the task's description modulates", () => {
  const options = ["--architecture", "film", "--hidden", "6", "--epochs", "2"];
  const grouped = ["train", schools(150), "--task-column", "school", ...options];

  test("by a table of the groups; it predicts, and the report tells the command", async () => {
    const out = at("film");
    const command = [...grouped, "--task", "math", "--task", "female", "--features", "ses,minority"];
    const done = await kinship([...command, "--tasks", schoolsFile, "--out", out]);
    expect([done.code, done.error]).toEqual([0, ""]);
    expect((await kinship(["predict", join(out, "model.json"), schools(150)])).code).toBe(0);
    expect(readFileSync(join(out, "report.html"), "utf8")).toContain("--architecture film --tasks schools.csv");
    const { tensors, metadata } = load(readFileSync(join(out, "model.safetensors")));
    expect(Object.keys(tensors).some((name) => name.includes("modulations"))).toBe(true);
    const { encodings } = JSON.parse(metadata.description!).model.encoder;
    // Two labels of a school share what describes it, and differ in which label they are.
    const [math, female] = ["1224: math", "1224: female"].map((task) => encodings[task] as number[]);
    expect(math!.slice(0, -2)).toEqual(female!.slice(0, -2));
    expect([math!.slice(-2), female!.slice(-2)]).toEqual([
      [1, 0],
      [0, 1],
    ]);
    expect(math).not.toEqual(encodings["1288: math"]);
  });

  test("by a table of the label columns", async () => {
    const table = folder.file("descriptions.csv", "task,kind,level\nmath,score,1\nfemale,sort,-2\n");
    const command = ["train", schools(80), "--task", "math", "--task", "female", "--features", "ses", ...options];
    const done = await kinship([...command, "--tasks", table, "--out", at("film-columns")]);
    expect([done.code, done.error]).toEqual([0, ""]);
  });

  test("says which task is not described, or described twice, and that other architectures read no table", async () => {
    const train = (text: string, ...more: string[]) =>
      kinship([...grouped, "--task", "math", "--tasks", folder.file("few.csv", text), ...more, "--out", at("few")]);
    const missing = await train("school,size\n1224,3\n1296,4\n");
    expect([missing.code, missing.error]).toEqual([1, expect.stringMatching(/few\.csv: no row describes 1288/)]);
    const twice = await train("school,size\n1224,3\n1224,4\n");
    expect([twice.code, twice.error]).toEqual([
      1,
      expect.stringMatching(/few\.csv, line 3: "1224" is described on line 2 already/),
    ]);
    const unnamed = await train("name,size\n1224,3\n1288,4\n");
    expect([unnamed.code, unnamed.error]).toEqual([1, expect.stringContaining("--task-column")]);
    const constant = await train("school,size\n1224,3\n1288,3\n");
    expect(constant.error).toMatch(/few\.csv, column "size" is constant .*; leave it out of the file/);
    const other = await train("school,size\n1224,3\n1288,4\n", "--architecture", "mmoe");
    expect([other.code, other.error]).toEqual([2, expect.stringContaining("--architecture film, not to mmoe")]);
  });
});

test.each(["mtan", "film"])("%s on images, whose trunk turns from images to vectors", async (architecture) => {
  const digits = digitsFolder(at(`digits-${architecture}`), 60);
  const out = at(`images-${architecture}`);
  const command = ["train", digits, "--task", "digit:multiclass", "--task", "ink", "--architecture", architecture];
  const small = ["--epochs", "1", "--hidden", "8,4", "--filters", "2,3,4,5", "--dropout", "0.1", "--out", out];
  const done = await kinship([...command, ...small]);
  expect([done.code, done.error]).toEqual([0, ""]);
  expect((await kinship(["predict", join(out, "model.json"), digits])).code).toBe(0);
});

test("--balance takes every method of the library; two take --weights as theirs", async () => {
  expect([...balancing].sort()).toEqual([...Object.keys(balancers), "fixedWeighting", "cosmos"].sort());
  const command = ["train", schools(80), "--task", "math", "--task", "female", "--features", "ses", "--hidden", "4"];
  const trained = async (name: string, ...more: string[]) => {
    const done = await kinship([...command, "--epochs", "1", "--weights", "math=0.5", ...more, "--out", at(name)]);
    expect([done.code, done.error]).toEqual([0, ""]);
    const model = JSON.parse(readFileSync(join(at(name), "model.json"), "utf8"));
    return { model, parameters: load(readFileSync(join(at(name), "model.safetensors"))).tensors };
  };
  const [plain, fixed] = [await trained("plain"), await trained("fixed", "--balance", "fixedWeighting")];
  // The same weights by either way are the same training.
  for (const [name, values] of Object.entries(plain.parameters)) {
    const other = fixed.parameters[name]!.toTypedArray();
    values.toTypedArray().forEach((value, k) => {
      expect(other[k]).toBeCloseTo(value, 5);
    });
  }
  await trained("cosmos", "--balance", "cosmos");
});

describe("what cannot be used is said, with the file and the line", () => {
  const table = (name: string, text: string) => folder.file(name, text);
  const good = "a,b,y\n1,2,3\n2,1,4\n3,5,x\n4,1,6\n";
  const image = png(2, 2, [0, 50, 100, 150]);
  const withImages = (name: string, files: Record<string, string | Uint8Array>) => {
    for (const [file, content] of Object.entries(files)) writeFileIn(join(at(name), file), content);
    return at(name);
  };
  const eight = Object.fromEntries(Array.from({ length: 8 }, (_, k) => [`${k}.png`, image]));
  const labels = (rows: readonly string[]) => `file,y\n${rows.join("\n")}\n`;
  const rows = Array.from({ length: 8 }, (_, k) => `${k}.png,${k}`);

  test.each<[string, () => string[], string]>([
    ["no task", () => [table("1.csv", good)], "is a table: name the columns to predict, each with --task"],
    ["an unknown column", () => [table("2.csv", good), "--task", "z"], 'has no column "z", asked for by --task'],
    [
      "a label that is no number",
      () => [table("3.csv", good), "--task", "y:regression"],
      '3.csv, line 4, column "y": "x" is not a number',
    ],
    [
      "one label only",
      () => [table("4.csv", "a,y\n1,3\n2,3\n3,3\n"), "--task", "y"],
      'task "y" has the label "3" in every row',
    ],
    [
      "more than two labels of a binary task",
      () => [table("5.csv", good), "--task", "y:binary"],
      'task "y" is to be binary, but has 4 different labels (3, 4, x, 6); say --task y:multiclass',
    ],
    [
      "a feature that is no number",
      () => [table("6.csv", "a,y\n1,3\nNaN,4\n3,5\n"), "--task", "y"],
      '6.csv, line 3, column "a"',
    ],
    [
      "a weight of no task",
      () => [table("7.csv", "a,y\n1,3\n2,4\n3,5\n4,6\n"), "--task", "y", "--weights", "z=2"],
      '--weights: there is no task "z"; the tasks are y',
    ],
    ["nothing to resume", () => [table("8.csv", good), "--task", "y", "--resume"], "there is nothing to resume at"],
    [
      "images of two sizes",
      () => [withImages("sizes", { ...eight, "3.png": png(3, 2, [0, 1, 2, 3, 4, 5]), "labels.csv": labels(rows) })],
      "3.png is 3 × 2 pixels",
    ],
    [
      "a damaged image",
      () => [withImages("damaged", { ...eight, "2.png": image.subarray(0, 40), "labels.csv": labels(rows) })],
      "2.png: it is no PNG that can be read",
    ],
    [
      "a missing image",
      () => [withImages("missing", { ...eight, "labels.csv": labels([...rows, "9.png,4"]) })],
      "labels.csv, line 10: there is no image",
    ],
    [
      "an image named twice",
      () => [withImages("twice", { ...eight, "labels.csv": labels([...rows, "0.png,4"]) })],
      "labels.csv, line 10: 0.png stands on line 2 already",
    ],
    ["a folder without labels", () => [withImages("bare", eight)], "has no labels.csv and 0 folders"],
    ["no such file", () => [at("nowhere")], "cannot read"],
  ])("%s", async (_, line, message) => {
    const out = at("unused");
    const { code, error } = await kinship(["train", ...line(), "--out", out]);
    expect(code).toBe(1);
    expect(error).toContain(message);
    expect(existsSync(out)).toBe(false);
  });

  test.each([
    [["--balance", "magic"], "argument 'magic' is invalid"],
    [["--task", "y:class"], "A task's kind is regression, binary, multiclass"],
    [["--hidden", "4,x"], "They must be whole numbers"],
    [["--test", "0.6", "--validation", "0.5"], "leave no rows to train on"],
    [["--weights", "a"], '"a" is no weight'],
    [["--compare", "pooled"], "It is single"],
  ])("%s is wrong usage", async (words, message) => {
    const { code, error } = await kinship(["train", "data.csv", ...words]);
    expect(code).toBe(2);
    expect(error).toContain(message);
  });
});
