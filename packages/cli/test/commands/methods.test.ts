import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { deserialize, kinshipMatrix, linearMethods, serialize } from "@kinship/mtl";
import { parseHTML } from "linkedom";
import { describe, expect, test } from "vitest";
import { kinship, temporaryFolder } from "../support.js";
import { shopNames, shops } from "./data.js";

const folder = temporaryFolder();
let runs = 0;
const fresh = (): string => join(folder.path, `out ${runs++}`);

/** Shops with a number, a count, two labels and three. */
const lines = shops({ tasks: 5, rows: 16 }).trim().split("\n");
const text = lines
  .map((line, index) => {
    if (index === 0) return `${line},visits,open,mood`;
    const sales = Number(line.split(",")[3]);
    const visits = Math.max(0, Math.round(sales - 3 + 2 * Math.sin(7 * index)));
    return `${line},${visits},${sales + Math.sin(5 * index) > 5.4 ? "yes" : "no"},${["low", "middle", "high"][Math.min(2, Math.max(0, Math.round(sales - 4.5 + Math.sin(3 * index))))]}`;
  })
  .join("\n");
const data = folder.file("shops.csv", `${text}\n`);
const fit = (target: string, ...options: string[]): string[] => [
  ...["fit", data, "--task", "shop", "--target", target, "--features", "area,sunday", "--test", "0.25", ...options],
];
const edges = folder.file("edges.csv", "a,b,weight\nshop 0,shop 1,1\nshop 2,shop 3,2\nshop 3,shop 4,0\n");

describe("--method", () => {
  const names = Object.keys(linearMethods).filter((name) => name !== "single-task" && name !== "pooled");
  test.each(names)("%s is fitted, saved exactly, reported, and predicts", async (name) => {
    const out = fresh();
    const more = name === "graph-fused" ? ["--kinship", edges] : [];
    const { code, error, output } = await kinship([...fit("sales", "--method", name, ...more), "--out", out]);
    expect({ code, error }).toEqual({ code: 0, error: "" });
    expect(output).toContain("multi-task");
    const saved = readFileSync(join(out, "model.json"), "utf8");
    const model = deserialize(saved);
    expect(model.certificate.converged).toBe(true);
    const page = readFileSync(join(out, "report.html"), "utf8");
    const { title } = linearMethods[name as keyof typeof linearMethods];
    expect(page).toContain(`<em>${title}</em>`);
    const predicted = await kinship(["predict", join(out, "model.json"), data]);
    expect(predicted.code).toBe(0);
    expect(predicted.output.split("\n")[0]).toMatch(/,predicted_sales$/);
  });
});

describe("sums and splits", () => {
  test.each([
    ["joint-features+0.5lasso", [], "L2,1 + 0.5 L1", "sum"],
    ["trace-norm/task-norms", [], "trace norm / norms of tasks", "split"],
    ["k-norm+graph-fused", ["--kinship", edges], "K-norm + graph-fused", "sum"],
    ["ordered-tasks+0.2lasso", [], "ordered tasks + 0.2 L1", "sum"],
  ])("%s is fitted, saved exactly, reported, and predicts", async (method, more, title, name) => {
    const out = fresh();
    const { code, error } = await kinship([...fit("sales", "--method", method, ...more), "--out", out]);
    expect({ code, error }).toEqual({ code: 0, error: "" });
    const saved = readFileSync(join(out, "model.json"), "utf8");
    const model = deserialize(saved);
    expect(serialize(model)).toBe(saved);
    expect(model.regularizer.name).toBe(name);
    expect(model.certificate.converged).toBe(true);
    const page = readFileSync(join(out, "report.html"), "utf8");
    expect(page).toContain(`<em>${title}</em>`);
    expect(page).toContain(`--method ${method}`);
    expect(page.includes("This method supposes no ties")).toBe(!method.startsWith("k-norm"));
    expect((await kinship(["predict", join(out, "model.json"), data])).code).toBe(0);
  });

  test("a graph method with a matrix says what it needs", async () => {
    const names = shopNames(5);
    const matrix = folder.file(
      "matrix.csv",
      `${names.join(",")}\n${names.map((_, i) => names.map((_, j) => (i === j ? 2 : -0.1)).join(",")).join("\n")}\n`,
    );
    for (const method of ["graph-fused", "lasso+graph-fused"]) {
      const { code, error } = await kinship([
        ...fit("sales", "--method", method, "--kinship", matrix),
        "--out",
        fresh(),
      ]);
      expect(code).toBe(1);
      expect(error).toMatch(/matrix\.csv holds a matrix, and --method .*graph-fused needs a graph: three columns/);
    }
  });

  test("two labels, by threads, the same as by one", async () => {
    const outs = [fresh(), fresh()];
    for (const [index, workers] of ["1", "2"].entries()) {
      const words = fit("open", "--loss", "logistic", "--method", "k-norm+lasso", "--workers", workers);
      expect((await kinship([...words, "--out", outs[index]!])).code).toBe(0);
    }
    const [one, two] = outs.map((out) => readFileSync(join(out, "model.json"), "utf8"));
    expect(two).toBe(one);
  });
});

describe("--loss", () => {
  test.each([
    ["squared", "sales", ["MSE", "explained within"], "predicted_sales"],
    ["huber", "sales", ["Huber", "MAE"], "predicted_sales"],
    ["poisson", "visits", ["deviance", "deviance explained"], "predicted_visits"],
    ["logistic", "open", ["log-loss", "AUC"], "predicted_open,probability_no,probability_yes"],
    [
      "multinomial",
      "mood",
      ["log-loss", "macro F1"],
      "predicted_mood,probability_high,probability_low,probability_middle",
    ],
  ])("%s: its measures, its chart, its predictions", async (loss, target, measures, columns) => {
    for (const method of ["k-norm", "trace-norm"]) {
      const out = fresh();
      const { code, output, error } = await kinship([...fit(target, "--loss", loss, "--method", method), "--out", out]);
      expect({ code, error }).toEqual({ code: 0, error: "" });
      for (const measure of measures) expect(output).toContain(measure);
      const page = readFileSync(join(out, "report.html"), "utf8");
      const labels = loss === "logistic" || loss === "multinomial";
      expect(page.includes("how often it was so")).toBe(labels);
      expect(page.includes("On the dashed diagonal a prediction is exact")).toBe(!labels);
      expect(page.replace(/base64,[^"]*/g, "")).not.toMatch(/NaN|Infinity|undefined|\[object/);
      const { output: predicted } = await kinship(["predict", join(out, "model.json"), data]);
      const [header, ...rows] = predicted.trim().split("\n");
      expect(header).toBe(`${lines[0]},visits,open,mood,${columns}`);
      for (const row of rows) {
        const cells = row.split(",").slice(7);
        const numbers = (labels ? cells.slice(1) : cells).map(Number);
        expect(numbers.every(Number.isFinite)).toBe(true);
        if (loss === "poisson") expect(numbers[0]).toBeGreaterThan(0);
        if (!labels) continue;
        expect(numbers.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
        const names = columns
          .split(",")
          .slice(1)
          .map((name) => name.replace("probability_", ""));
        expect(cells[0]).toBe(names[numbers.indexOf(Math.max(...numbers))]);
      }
    }
  });

  test("labels 0 and 1 may be written as numbers", async () => {
    const binary = folder.file("binary.csv", text.replaceAll(",yes,", ",1,").replaceAll(",no,", ",0.0,"));
    const out = fresh();
    const words = fit("open", "--loss", "logistic").map((word) => (word === data ? binary : word));
    expect((await kinship([...words, "--out", out])).code).toBe(0);
    const { output } = await kinship(["predict", join(out, "model.json"), binary]);
    expect(output.split("\n")[0]).toMatch(/predicted_open,probability_0,probability_1$/);
  });
});

describe("--compare all", () => {
  test("fits every method that suits, ranks them, and writes the best", async () => {
    const out = fresh();
    const { code, output, error } = await kinship([...fit("sales", "--compare", "all"), "--out", out]);
    expect({ code, error }).toEqual({ code: 0, error: "" });
    const page = parseHTML(readFileSync(join(out, "report.html"), "utf8")).document;
    const section = [...page.querySelectorAll("section")].find((part) =>
      part.textContent!.includes("cross-validated"),
    )!;
    const rows = [...section.querySelectorAll("tbody tr")];
    const errors = rows.map((row) => Number(row.querySelector("td")!.textContent));
    expect(errors).toEqual([...errors].sort((a, b) => a - b));
    expect(rows).toHaveLength(15);
    for (const baseline of ["single-task", "pooled"]) expect(output).toMatch(new RegExp(`^ ${baseline}`, "m"));
    const chosen = section.querySelector("tr.best th")!.firstChild!.textContent!;
    expect(output).toMatch(new RegExp(`^ ${chosen.replace(/[+()]/g, "\\$&")}.* \\*`, "m"));
  });

  test("leaves out what the loss does not suit, and takes a graph where there is one", async () => {
    const { code, output } = await kinship([
      ...fit("visits", "--loss", "poisson", "--compare", "all", "--kinship", edges),
      ...["--out", fresh()],
    ]);
    expect(code).toBe(0);
    expect(output).toContain("graph-fused");
    expect(output).not.toContain("learned relations");
  });

  test("interrupted, it leaves nothing", async () => {
    const out = fresh();
    const controller = new AbortController();
    const { code, output } = await kinship([...fit("sales", "--compare", "all"), "--out", out], {
      ...{ isTTY: true, signal: controller.signal },
      onError: (written) => written.includes("cross-validation, dirty") && controller.abort(),
    });
    expect({ code, output }).toEqual({ code: 130, output: "" });
    expect(existsSync(out)).toBe(false);
  });
});

describe("--workers", () => {
  test("write the same model as one thread, byte for byte, and the same table but for seconds", async () => {
    const outs = [fresh(), fresh()];
    const printed: string[] = [];
    for (const [index, workers] of ["1", "2"].entries()) {
      const words = fit("visits", "--loss", "poisson", "--compare", "all", "--workers", workers);
      const { code, output, error } = await kinship([...words, "--out", outs[index]!]);
      expect({ code, error }).toEqual({ code: 0, error: "" });
      printed.push(output.replace(/\d+\.\d\d $/gm, "").replace(/(report|model): .*/g, ""));
    }
    expect(printed[1]).toBe(printed[0]);
    const [one, two] = outs.map((out) => readFileSync(join(out, "model.json"), "utf8"));
    expect(two).toBe(one);
  });

  test("interrupted, they end and nothing is left", async () => {
    const out = fresh();
    const controller = new AbortController();
    const words = [...fit("sales", "--compare", "all", "--workers", "2"), "--out", out];
    const { code } = await kinship(words, {
      ...{ isTTY: true, signal: controller.signal },
      onError: (written) => written.includes("fitting methods") && controller.abort(),
    });
    expect(code).toBe(130);
    expect(existsSync(out)).toBe(false);
  });
});

describe("--interactions", () => {
  const towns = folder.file(
    "towns.csv",
    `shop,people,coast,note\n${shopNames(5)
      .map((name, index) => `${name},${1000 + 300 * index},${index % 2 ? "yes" : "no"},n${index}`)
      .join("\n")}\nshop 9,5000,yes,x\n`,
  );
  const words = [...fit("sales"), "--tasks", towns, "--descriptors", "people,coast", "--interactions"];

  test("are saved with the model; a new task is predicted by its descriptors", async () => {
    const out = fresh();
    const { code, error } = await kinship([...words, "--out", out]);
    expect({ code, error }).toEqual({ code: 0, error: "" });
    const model = deserialize(readFileSync(join(out, "model.json"), "utf8"));
    expect(model.features).toEqual([
      ...["area", "sunday", "people", "coast = yes"],
      ...["area × people", "area × coast = yes", "sunday × people", "sunday × coast = yes"],
    ]);
    const later = folder.file("later.csv", "shop,area,sunday\nshop 9,0.5,1\nshop 10,0.5,1\n");
    const more = folder.file("more.csv", "shop,people,coast\nshop 10,800,no\n");
    const saved = join(out, "model.json");
    const [known, told] = [
      await kinship(["predict", saved, later]),
      await kinship(["predict", saved, later, "--tasks", more]),
    ].map(({ output }) => output.trim().split("\n"));
    expect(told![1]).toBe(known![1]);
    expect(told![2]).not.toBe(known![2]);
  });

  test.each<[string, string[], RegExp]>([
    [
      "a column that is not there",
      ["--descriptors", "height"],
      /towns\.csv has no column "height", asked for by --descriptors/,
    ],
    ["a column that names rows", ["--descriptors", "people,shop"], /shop/],
  ])("refuse %s", async (_, options, message) => {
    const { code, error } = await kinship([
      ...fit("sales"),
      "--tasks",
      towns,
      "--interactions",
      ...options,
      "--out",
      fresh(),
    ]);
    expect(code).toBe(1);
    expect(error).toMatch(message);
  });
});

describe("--kinship by descriptors", () => {
  const towns = folder.file(
    "described.csv",
    `shop,people,coast\n${shopNames(5)
      .map((name, index) => `${name},${1000 + 300 * index},${index % 2 ? "yes" : "no"}`)
      .join("\n")}\n`,
  );
  const words = [...fit("sales"), "--tasks", towns, "--descriptors", "people,coast"];

  test.each([
    ["descriptors", (a: number[], b: number[]) => 1 + a[0]! * b[0]! + a[1]! * b[1]!],
    ["descriptors-rbf", (a: number[], b: number[]) => Math.exp(-((a[0]! - b[0]!) ** 2 + (a[1]! - b[1]!) ** 2) / 2)],
  ] as const)("%s ties tasks by the kernel", async (kind, kernel) => {
    const out = fresh();
    const { code, error } = await kinship([...words, "--kinship", kind, "--out", out]);
    expect({ code, error }).toEqual({ code: 0, error: "" });
    const model = deserialize(readFileSync(join(out, "model.json"), "utf8"));
    expect(model.kinship.kind).toBe("descriptor");
    // K (C + .1 I) = I, C from standardised columns over √2.
    const people = [-2, -1, 0, 1, 2].map((step) => step / Math.SQRT2 / Math.SQRT2);
    const coast = [0, 1, 0, 1, 0].map((yes) => (yes - 0.4) / Math.sqrt(0.24) / Math.SQRT2);
    const place = shopNames(5).map((name) => model.kinship.tasks.indexOf(name));
    const k = kinshipMatrix(model.kinship);
    for (let i = 0; i < 5; i++) {
      for (let j = 0; j < 5; j++) {
        let product = 0;
        for (let l = 0; l < 5; l++) {
          const c = kernel([people[l]!, coast[l]!], [people[j]!, coast[j]!]) + (l === j ? 0.1 : 0);
          product += k[place[i]! * 5 + place[l]!]! * c;
        }
        expect(product).toBeCloseTo(i === j ? 1 : 0, 8);
      }
    }
    expect(readFileSync(join(out, "report.html"), "utf8")).toContain("people, coast");
  });

  test("only --interactions make features of descriptors, and the report's command says which", async () => {
    for (const more of [[], ["--interactions"]]) {
      const out = fresh();
      const { code } = await kinship([...words, "--kinship", "descriptors", ...more, "--out", out]);
      expect(code).toBe(0);
      const model = deserialize(readFileSync(join(out, "model.json"), "utf8"));
      expect(model.features.length).toBe(more.length > 0 ? 8 : 2);
      const page = readFileSync(join(out, "report.html"), "utf8");
      expect(page).toContain("--descriptors people,coast --");
      expect(page.includes("--interactions")).toBe(more.length > 0);
    }
  });

  test("a task that is not described is named", async () => {
    const few = folder.file(
      "few.csv",
      `shop,people\n${shopNames(4)
        .map((name, index) => `${name},${index}`)
        .join("\n")}\n`,
    );
    const options = ["--tasks", few, "--descriptors", "people", "--kinship", "descriptors", "--out", fresh()];
    const { code, error } = await kinship([...fit("sales"), ...options]);
    expect(code).toBe(1);
    expect(error).toMatch(/few\.csv: no row of the descriptors describes task "shop/);
  });
});

describe("refused: one message with exit code 1, nothing written", () => {
  const table = (rows: readonly string[]): string => folder.file("bad.csv", `shop,x,y\n${rows.join("\n")}\n`);
  const rowsOf = (cell: (task: number, row: number) => string): string[] =>
    Array.from({ length: 24 }, (_, row) => `s${row % 3},${Math.sin(row)},${cell(row % 3, Math.floor(row / 3))}`);
  test.each<[string, () => string[], RegExp]>([
    [
      "a label beyond 0 and 1",
      () => [table(rowsOf((_, row) => String(row % 3))), "--loss", "logistic"],
      /bad\.csv, line 8 \(shop s0, row 7\), column "y": 2 is no label of the logistic loss/,
    ],
    [
      "three labels for two",
      () => [table(rowsOf((_, row) => "abc"[row % 3]!)), "--loss", "logistic"],
      /3 labels \(a, b, c\); the logistic loss takes two, use --loss multinomial/,
    ],
    ["one label only", () => [table(rowsOf(() => "a")), "--loss", "multinomial"], /every row has the same "y", a/],
    [
      "a label that is missing",
      () => [table(rowsOf((_, row) => (row === 2 ? "" : "a"))), "--loss", "multinomial"],
      /line 8 .*the label is missing/,
    ],
    [
      "more labels than classes can be",
      () => [
        folder.file(
          "many.csv",
          `shop,x,y\n${Array.from({ length: 240 }, (_, row) => `s${row % 2},${row},l${row}`).join("\n")}\n`,
        ),
        "--loss",
        "multinomial",
      ],
      /240 different labels, and at most 100/,
    ],
    [
      "a count below zero",
      () => [table(rowsOf((task, row) => String(row - task))), "--loss", "poisson"],
      /line 3 \(shop s1, row 2\), column "y": -1 is below 0/,
    ],
    ["a count that is no number", () => [table(rowsOf(() => "few")), "--loss", "poisson"], /"few" is not a number/],
    [
      "a label that no training row has",
      () => [
        table(rowsOf((task, row) => (task === 0 && row === 0 ? "rare" : "ab"[row % 2]!))),
        "--loss",
        "multinomial",
        "--test",
        "0.75",
        "--seed",
        "1",
      ],
      /bad\.csv: no training row has the label "rare"/,
    ],
    [
      "values whose squares overflow",
      () => [table(rowsOf((_, row) => `${row}e300`)), "--method", "trace-norm"],
      /bad\.csv: .*(overflow|rescale)/,
    ],
    [
      "a constant feature",
      () => [
        folder.file(
          "flat.csv",
          `shop,x,y\n${Array.from({ length: 12 }, (_, row) => `s${row % 2},7,${row}`).join("\n")}\n`,
        ),
        "--method",
        "lasso",
      ],
      /column "x" is constant/,
    ],
  ])("%s", async (_, words, message) => {
    const out = fresh();
    const { code, output, error } = await kinship(["fit", ...words(), "--task", "shop", "--target", "y", "--out", out]);
    expect({ code, output }).toEqual({ code: 1, output: "" });
    expect(error).toMatch(message);
    expect(error).toMatch(/^error: [^\n]+\n$/);
    expect(existsSync(out)).toBe(false);
  });
});

describe("odd data are fitted all the same", () => {
  const many = (columns: number, rows: number, cell: (row: number, column: number) => number): string =>
    folder.file(
      "odd.csv",
      `shop,${Array.from({ length: columns }, (_, k) => `x${k}`).join(",")},y\n${Array.from(
        { length: rows },
        (_, row) =>
          `s${row % 3},${Array.from({ length: columns }, (_, k) => cell(row, k)).join(",")},${Math.sin(row) + row / 9}`,
      ).join("\n")}\n`,
    );
  test.each<[string, () => string]>([
    ["more features than rows", () => many(40, 24, (row, k) => Math.sin(row * (k + 1)))],
    ["collinear features", () => many(4, 30, (row, k) => (k < 2 ? Math.sin(row) : Math.cos(row)) * (k + 1))],
    ["features of 1e-300 and 1e300", () => many(3, 30, (row, k) => Math.sin(row + k) * [1, 1e300, 1e-300][k]!)],
  ])("%s", async (_, file) => {
    for (const method of ["k-norm", "trace-norm", "lasso", "clustered"]) {
      const out = fresh();
      const words = [
        "fit",
        file(),
        "--task",
        "shop",
        "--target",
        "y",
        "--method",
        method,
        "--test",
        "0.4",
        "--out",
        out,
      ];
      const { code, error } = await kinship(words);
      expect({ code, error }).toEqual({ code: 0, error: "" });
      const { output } = await kinship(["predict", join(out, "model.json"), words[1]!]);
      const cells = output
        .trim()
        .split("\n")
        .slice(1)
        .map((line) => Number(line.split(",").at(-1)));
      expect(cells.every(Number.isFinite)).toBe(true);
      expect(Math.max(...cells.map(Math.abs))).toBeLessThan(20);
      expect(readdirSync(out).sort()).toEqual(["model.json", "report.html"]);
    }
  });
});

test("a model with a loss of another program is refused", async () => {
  const out = fresh();
  await kinship([...fit("sales", "--method", "lasso"), "--out", out]);
  const model = readFileSync(join(out, "model.json"), "utf8").replace('"name":"squared"', '"name":"mine"');
  const { code, error } = await kinship(["predict", folder.file("mine.json", model), data]);
  expect(code).toBe(1);
  expect(error).toMatch(/mine\.json: the model was fitted with the loss "mine", which is none of squared, huber/);
});
