import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import {
  crossValidateLinear,
  dirty,
  elasticNet,
  huber,
  kNorm,
  type LabelledTask,
  type LinearCrossValidation,
  logistic,
  meanKinship,
  multinomial,
  squared,
  sumOfRegularizers,
  traceNorm,
} from "@kinship/mtl";
// The compiled package: threads run files, and Node reads no TypeScript.
import { type CrossValidateInWorkersOptions, createWorkers, crossValidateInWorkers } from "@kinship/mtl/parallel";
import { build } from "esbuild";
import { describe, expect, test } from "vitest";
import { randomTasks } from "../solvers/support.js";

const root = fileURLToPath(new URL("../../../..", import.meta.url));
const tasks = randomTasks({ tasks: 5, rows: 20, features: 4 });
const binary = randomTasks({ tasks: 5, rows: 30, features: 3 }, (score, noise) => Number(score + noise > 0));
const shared = tasks.map(({ name, y }) => ({ name, x: tasks[0]!.x, y: (y as number[]).slice(0, 20) }));

/** Everything but the functions of regularizers. */
const numbers = ({ path, regularizer, ...rest }: LinearCrossValidation) => ({
  ...rest,
  regularizer: [regularizer.name, regularizer.parameters],
  path: path.map(({ regularizer: of, ...point }) => ({ ...point, regularizer: [of.name, of.parameters] })),
});

describe("crossValidateInWorkers", () => {
  test.each<[string, Parameters<typeof crossValidateLinear>[0], CrossValidateInWorkersOptions]>([
    ["a trace norm", { tasks, regularizer: traceNorm() }, { tasks, regularizer: { name: "trace-norm" } }],
    [
      "several candidates, repeated folds, given λ",
      {
        tasks,
        regularizer: [0.2, 0.8].map((ratio) => elasticNet({ ratio })),
        lambdas: [1, 0.1],
        folds: { kind: "within-tasks", folds: 3, repeats: 2 },
        seed: 4,
      },
      {
        tasks,
        regularizer: [0.2, 0.8].map((ratio) => ({ name: "elastic-net", ratio })),
        lambdas: [1, 0.1],
        folds: { kind: "within-tasks", folds: 3, repeats: 2 },
        seed: 4,
      },
    ],
    [
      "a kinship whose tasks are left out one by one",
      { tasks, regularizer: kNorm(meanKinship()), folds: { kind: "tasks" }, intercept: "coupled" },
      {
        tasks,
        regularizer: { name: "k-norm", kinship: meanKinship() },
        folds: { kind: "tasks" },
        intercept: "coupled",
      },
    ],
    [
      "a sum with a kinship that a builder makes",
      {
        tasks,
        regularizer: sumOfRegularizers([
          { regularizer: kNorm(meanKinship()) },
          { regularizer: elasticNet(), weight: 0.3 },
        ]),
      },
      {
        tasks,
        regularizer: {
          name: "sum",
          parts: [
            { regularizer: { name: "k-norm", kinship: meanKinship() } },
            { regularizer: { name: "elastic-net" }, weight: 0.3 },
          ],
        },
      },
    ],
    [
      "inputs that tasks share, Huber's loss",
      { tasks: shared, regularizer: dirty(), loss: huber({ threshold: 1 }) },
      { tasks: shared, regularizer: { name: "dirty" }, loss: huber({ threshold: 1 }) },
    ],
    [
      "labels, weights and penalised intercepts",
      { tasks: weighted(binary), regularizer: traceNorm(), loss: logistic(), lambdaIntercept: 0.5 },
      { tasks: weighted(binary), regularizer: { name: "trace-norm" }, loss: logistic(), lambdaIntercept: 0.5 },
    ],
  ])("gives the numbers of one thread, to the bit: %s", async (_, sequential, parallel) => {
    const expected = numbers(await crossValidateLinear(sequential));
    for (const workers of [1, 3]) {
      expect(numbers(await crossValidateInWorkers({ ...parallel, workers }))).toEqual(expected);
    }
  });

  test("runs several at once on the same threads", async () => {
    const workers = createWorkers({ workers: 2 });
    try {
      const loss = { name: "squared", parameters: {} };
      const folds = { kind: "within-tasks" } as const;
      const both = await Promise.all([
        workers.crossValidate({ tasks, loss, folds, regularizers: [{ name: "trace-norm" }] }),
        workers.crossValidate({ tasks: shared, loss, folds, regularizers: [{ name: "dirty" }] }),
      ]);
      expect(both.map(numbers)).toEqual([
        numbers(await crossValidateLinear({ tasks, regularizer: traceNorm() })),
        numbers(await crossValidateLinear({ tasks: shared, regularizer: dirty() })),
      ]);
    } finally {
      await workers.close();
    }
    await expect(
      workers.crossValidate({
        tasks,
        loss: { name: "squared", parameters: {} },
        folds: { kind: "within-tasks" },
        regularizers: [{ name: "lasso" }],
      }),
    ).rejects.toThrow(/the workers were closed/);
  });

  test("reports progress, and an abort ends it with the signal's reason", async () => {
    const controller = new AbortController();
    let steps = 0;
    const work = crossValidateInWorkers({
      ...{ tasks, regularizer: { name: "trace-norm" }, workers: 2, signal: controller.signal },
      onProgress: () => {
        steps++;
        controller.abort(new Error("enough"));
      },
    });
    await expect(work).rejects.toThrow("enough");
    expect(steps).toBe(1);
    await expect(
      crossValidateInWorkers({ tasks, regularizer: { name: "lasso" }, signal: AbortSignal.abort(new Error("before")) }),
    ).rejects.toThrow("before");
  });

  test.each<[string, Partial<CrossValidateInWorkersOptions>, RegExp]>([
    [
      "found here",
      { tasks: [{ name: "a", x: [[1], [Number.NaN]], y: [1, 2] }] },
      /task "a", x, row 2, column 1 is NaN/,
    ],
    [
      "found in a thread: a fold without a class",
      {
        tasks: [{ name: "a", x: [[1], [2], [3], [4]], y: [0, 0, 0, 1] }],
        loss: logistic(),
        folds: { kind: "within-tasks", folds: 4 },
      },
      /task "a" has no best intercept under the logistic loss, no row has label 1/,
    ],
    ["an edge to nowhere", { regularizer: { name: "graph-fused", edges: [["t0", "x"]] } }, /an edge names "x"/],
    ["a negative λ", { lambdas: [-1] }, /lambda must be a finite number ≥ 0, not -1/],
    ["no thread", { workers: 0 }, /workers must be a whole number from 1 on, not 0/],
    [
      "a loss of one's own",
      { loss: { ...squared(), name: "mine" } },
      /"mine" is a function of your own, which cannot be sent/,
    ],
    [
      "a loss that is another than its name says",
      { loss: { ...multinomial({ classes: 2 }), source: "mine" } },
      /cannot be sent to a thread/,
    ],
  ])("errors arrive as errors: %s", async (_, options, message) => {
    const work = crossValidateInWorkers({ tasks, regularizer: { name: "trace-norm" }, workers: 2, ...options });
    await expect(work).rejects.toThrow(message);
    await expect(work).rejects.toMatchObject({ name: "InputError" });
  });

  test("leaves nothing that keeps the process alive, whether it went well or not", () => {
    const program = `
      import { crossValidateInWorkers } from "@kinship/mtl/parallel";
      const tasks = [{ name: "a", x: [[1], [2], [3], [5]], y: [1, 2, 3, 4] }];
      const options = { tasks, regularizer: { name: "lasso" }, workers: 2, folds: { kind: "within-tasks", folds: 2 } };
      await crossValidateInWorkers(options);
      await crossValidateInWorkers({ ...options, lambdas: [-1] }).catch(() => undefined);
      console.log("done");`;
    const printed = execFileSync(process.execPath, ["--input-type=module", "-e", program], {
      cwd: root,
      encoding: "utf8",
    });
    expect(printed).toBe("done\n");
  });
});

describe("bundles for browsers", () => {
  const ofNode = /["']node:|worker_threads/;
  const bundle = async (code: string): Promise<string> => {
    const { outputFiles } = await build({
      ...{ stdin: { contents: code, resolveDir: root, loader: "js" }, bundle: true, write: false, format: "esm" },
      ...{ platform: "browser", target: "es2022", logLevel: "silent" },
    });
    return outputFiles![0]!.text;
  };

  test("hold nothing of Node, and say that threads are Node's", async () => {
    const text = await bundle('export { createWorkers, crossValidateInWorkers } from "@kinship/mtl/parallel"');
    expect(text.match(ofNode)).toBeNull();
    const module = await import(`data:text/javascript,${encodeURIComponent(text)}`);
    expect(() => module.createWorkers()).toThrow(/worker threads are Node's; in a browser leave workers out/);
    await expect(module.crossValidateInWorkers({})).rejects.toThrow(/worker threads are Node's/);
  });

  test("the main entry does not know of them", async () => {
    expect((await bundle('export * from "@kinship/mtl"')).match(ofNode)).toBeNull();
  });
});

function weighted(tasks: readonly LabelledTask[]): LabelledTask[] {
  return tasks.map((task, t) => ({
    ...task,
    weight: 1 + t,
    sampleWeights: Array.from(task.y as number[], (_, i) => (i % 7 === 0 ? 0 : 1 + (i % 3))),
  }));
}
