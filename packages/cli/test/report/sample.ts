import type { Measure } from "@kinship/mtl";
import type { ReportData, TaskGain } from "../../src/report/data.js";

/** Report data of any size, made up but coherent: deterministic, with a spread that shows in every picture. */
export function sampleReport(tasks = 160, overrides: Partial<ReportData> = {}): ReportData {
  const draw = generator(7);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());
  const names = Array.from({ length: tasks }, (_, task) => `${1224 + 7 * task}`);
  const groups = names.map((_, task) => (task < tasks * 0.55 ? "public" : "catholic"));
  const perTask = names.map((task, index): TaskGain => {
    const gain = 3 + 4 * normal();
    const half = 2 + 3 * draw();
    const verdict = gain - half > 0 ? "helped" : gain + half < 0 ? "hurt" : "unclear";
    const multiError = 36 + 6 * normal();
    const base = { task, group: groups[index]!, testRows: 20 + Math.floor(30 * draw()) };
    return { ...base, singleError: multiError + gain, multiError, gain, low: gain - half, high: gain + half, verdict };
  });
  const points = [0.1, 1, 10].flatMap((lambdaIntercept, which) =>
    Array.from({ length: 21 }, (_, index) => {
      const lambda = 10 ** (-2 + index * 0.25);
      const error = 38 + (Math.log10(lambda) - 0.6) ** 2 + which * 0.6;
      return { lambda, lambdaIntercept, variant: "", error, standardError: 0.4 };
    }),
  );
  const single = points.map((point) => ({ ...point, error: point.error + 3 + Math.log10(point.lambda) * 0.3 }));
  const relation = (within: number, between: number, noise: number): Float64Array => {
    const values = new Float64Array(tasks * tasks);
    for (let i = 0; i < tasks; i += 1) {
      for (let j = 0; j <= i; j += 1) {
        const value = i === j ? 1 : (groups[i] === groups[j] ? within : between) + noise * normal();
        values[i * tasks + j] = value;
        values[j * tasks + i] = value;
      }
    }
    return values;
  };
  const actual = Array.from({ length: 5000 }, () => 13 + 6.5 * normal());
  const methods = [
    { key: "single", error: 41.61, measures: explained(0.021, 0.121), seconds: 0.4 },
    { key: "pooled", error: 39.42, measures: explained(0.071, 0.171), seconds: 0.1 },
    { key: "multi", error: 37.8, measures: explained(0.111, 0.211), seconds: 0.9 },
  ] as const;
  return {
    source: "students.csv",
    command: "kinship fit students.csv --task school --target math --tasks schools.csv --parent sector",
    version: "0.1.0",
    task: "school",
    target: "math",
    features: ["minority", "female", "ses"],
    rows: { train: 1796, test: 5389 },
    testFraction: 0.75,
    seed: 1,
    folds: 5,
    loss: "squared",
    error: { name: "mean squared error", short: "MSE" },
    method: { name: "k-norm", title: "K-norm", supposes: "weights are near those of kin" },
    ranking: null,
    failed: [],
    norms: {
      lambdas: [0.1, 1, 10],
      lambda: 1,
      features: ["minority", "female", "ses"].map((name, k) => ({ name, norms: [3 - k, 2 - k, 0].map(Math.abs) })),
    },
    taskGroups: { alike: [names.slice(1), names.slice(0, 1)], silhouette: 0.3, affine: null },
    sparsity: {
      rows: ["minority", "female", "ses"],
      tasks: names,
      weights: Array.from({ length: 3 * tasks }, (_, at) => (at % 5 === 0 ? 0 : normal())),
    },
    kinship: "each school is drawn to its sector, and the sectors to each other",
    methods,
    gains: { perTask, overall: { gain: 3.81, low: 3.3, high: 4.3, verdict: "helped" }, confidence: 0.95 },
    path: {
      multi: { points, lambda: points[10]!.lambda, lambdaIntercept: 0.1 },
      single: { points: single, lambda: single[9]!.lambda, lambdaIntercept: 0.1 },
    },
    related: { names, groups, learned: false, assumed: relation(0.02, 0.001, 0), found: relation(0.5, -0.2, 0.25) },
    coefficients: ["intercept", "minority", "female", "ses"].map((name, index) => {
      const centre = [12.7, -2.8, -1.1, 2.1][index]!;
      const alone = names.map(() => centre + 2.5 * normal());
      return { name, single: alone, multi: alone.map((value) => centre + 0.3 * (value - centre)), pooled: centre };
    }),
    coefficientCount: 4,
    predictions: {
      kind: "numbers",
      actual,
      single: actual.map((value) => 12.7 + 0.25 * (value - 12.7) + 3.4 * normal()),
      multi: actual.map((value) => 12.7 + 0.22 * (value - 12.7) + 2.4 * normal()),
    },
    ...overrides,
  };
}

const explained = (within: number, global: number): Measure[] => [
  { name: "explained within", value: within, kind: "share", better: "more" },
  { name: "explained global", value: global, kind: "share", better: "more" },
];

/** Park & Miller's minimal standard generator (1988): enough for a picture. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}
