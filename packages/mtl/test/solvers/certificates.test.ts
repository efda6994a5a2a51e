import {
  type AnyRegularizer,
  clustered,
  createRandom,
  dirty,
  elasticNet,
  type FitLinearOptions,
  fitLinear,
  graphFused,
  huber,
  InputError,
  jointFeatures,
  kNorm,
  type LabelledTask,
  type Loss,
  lasso,
  logistic,
  maxNorms,
  meanKinship,
  mtlFeat,
  multinomial,
  orderedTasks,
  poisson,
  ridge,
  robust,
  sparseLowRank,
  squared,
  sumOfRegularizers,
  taskNorms,
  traceNorm,
} from "@kinship/mtl";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { randomTasks } from "./support.js";

const chain = (count: number) => Array.from({ length: count - 1 }, (_, t) => [`t${t}`, `t${t + 1}`] as const);

const regularizers = (count: number): AnyRegularizer[] => [
  ridge(),
  lasso(),
  jointFeatures(),
  elasticNet(),
  taskNorms(),
  maxNorms(),
  traceNorm(),
  mtlFeat(),
  clustered({ clusters: Math.min(2, count) }),
  dirty(),
  robust(),
  sparseLowRank(),
  kNorm(meanKinship({ shrinkage: 0.1 })),
  orderedTasks(),
  graphFused({ edges: count < 3 ? chain(count) : [...chain(count), [`t${count - 1}`, "t0"]] }),
  sumOfRegularizers([{ regularizer: lasso(), weight: 0.5 }, { regularizer: orderedTasks() }]),
  sumOfRegularizers([{ regularizer: lasso(), weight: 0.3 }, { regularizer: jointFeatures() }]),
];

function expectCertified(
  tasks: readonly LabelledTask[],
  loss: Loss,
  regularizer: AnyRegularizer,
  lambda: number,
  options: Pick<FitLinearOptions, "intercept" | "lambdaIntercept"> = {},
) {
  const objectives: number[] = [];
  const model = fitLinear({
    tasks,
    loss,
    regularizer,
    lambda,
    tolerance: 1e-6,
    ...options,
    onIteration: (_, objective) => objectives.push(objective),
  });
  const where = `${loss.name}, ${regularizer.name}, λ = ${lambda}`;
  expect(model.certificate.residual, where).toBeLessThanOrEqual(1e-6);
  expect(model.certificate.residual, where).toBeGreaterThanOrEqual(0);
  expect(model.certificate.converged, where).toBe(true);
  expect(model.certificate.remedy).toBeNull();
  for (let k = 1; k < objectives.length; k++) {
    const slack = 1e-12 * Math.abs(objectives[k - 1]!);
    expect(objectives[k], `${where}, round ${k}`).toBeLessThanOrEqual(objectives[k - 1]! + slack);
  }
}

describe.each([
  ["few rows, many features", { tasks: 3, rows: 4, features: 9 }],
  ["many rows", { tasks: 4, rows: 25, features: 3 }],
  ["one task", { tasks: 1, rows: 8, features: 3 }],
  ["one feature", { tasks: 5, rows: 6, features: 1 }],
  ["tasks of one row and more", { tasks: 4, rows: 1, features: 2 }],
])("squared errors, %s: every fit is certified and descends", (_, shape) => {
  const tasks = randomTasks(shape);
  test.each(regularizers(shape.tasks).map((regularizer) => [regularizer.name, regularizer] as const))(
    "%s",
    (_name, regularizer) => {
      for (const lambda of [0.02, 0.5, 20]) expectCertified(tasks, squared(), regularizer, lambda);
    },
  );
});

describe.each<[string, Loss, (score: number, noise: number) => number]>([
  ["Huber", huber({ threshold: 0.3 }), (score, noise) => score + noise ** 3],
  ["logistic", logistic(), (score, noise) => (score + noise > 0 ? 1 : 0)],
  ["Poisson", poisson(), (score) => Math.round(Math.exp(score / 2))],
  ["Poisson, large counts", poisson(), (score) => Math.round(Math.exp(3 + score / 2))],
  [
    "multinomial",
    multinomial({ classes: 3 }),
    (score, noise) => (score + noise > 0.4 ? 2 : score + noise < -0.4 ? 0 : 1),
  ],
])("%s: every fit is certified and descends", (_, loss, label) => {
  const tasks = randomTasks({ tasks: 3, rows: 30, features: 3, seed: 5 }, label);
  test.each(regularizers(3).map((regularizer) => [regularizer.name, regularizer] as const))(
    "%s",
    (_name, regularizer) => {
      for (const lambda of [0.3, 4]) expectCertified(tasks, loss, regularizer, lambda);
    },
  );
});

describe("random problems of many shapes: every fit is certified and descends", () => {
  const shape = fc.record({
    count: fc.integer({ min: 1, max: 6 }),
    features: fc.integer({ min: 1, max: 8 }),
    seed: fc.nat(1e6),
    loss: fc.constantFrom(squared(), huber({ threshold: 0.4 }), logistic(), poisson(), multinomial({ classes: 3 })),
    intercept: fc.constantFrom("free" as const, "none" as const),
    lambda: fc.constantFrom(0.03, 0.5, 10),
    sharedInputs: fc.boolean(),
    constant: fc.boolean(),
    twice: fc.boolean(),
    masked: fc.boolean(),
    weighted: fc.boolean(),
  });
  test.each(regularizers(2).map(({ name }, place) => [place, name] as const))("%i, %s", (place) => {
    fc.assert(
      fc.property(shape, ({ loss, count, intercept, lambda, ...more }) => {
        const random = createRandom(more.seed);
        const normal = () => random() + random() + random() + random() - 2;
        const row = () => {
          const x = Array.from({ length: more.features }, normal);
          if (more.constant) x[0] = 3;
          if (more.twice) x[more.features - 1] = x[0]!;
          return x;
        };
        const common = Array.from({ length: 9 }, row);
        const w = Array.from({ length: more.features }, () => 2 * normal());
        const tasks = Array.from({ length: count }, (_, t): LabelledTask => {
          // From one row to more than there are features.
          const x = more.sharedInputs ? common : Array.from({ length: 1 + Math.floor(14 * random() ** 2) }, row);
          const y = x.map((values, i) => {
            const score = values.reduce((sum, value, j) => sum + value * w[j]! * (1 + random() / 2), 0);
            if (more.masked && i > 0 && random() < 0.3) return Number.NaN;
            if (loss.name === "logistic") return Number(score > 0);
            if (loss.name === "multinomial") return score > 0.5 ? 2 : score > -0.5 ? 1 : 0;
            return loss.name === "poisson" ? Math.round(Math.exp(Math.max(-3, Math.min(3, score)))) : score;
          });
          const sampleWeights = y.map((_, i) => (i === 0 ? 1 : i % 3));
          return { name: `t${t}`, x, y, ...(more.weighted && { weight: 0.2 + 3 * random(), sampleWeights }) };
        });
        const penalised = loss.name !== "squared" && loss.name !== "huber" && intercept === "free";
        const options = { intercept, ...(penalised && { lambdaIntercept: 0.5 }) };
        expectCertified(tasks, loss, regularizers(count)[place]!, lambda, options);
      }),
      { numRuns: 15, seed: 7 },
    );
  });
});

describe("hard inputs are certified too", () => {
  const base = randomTasks({ tasks: 3, rows: 12, features: 2, seed: 9 });
  const changed = (change: (row: number[]) => number[]) =>
    base.map((task) => ({ ...task, x: (task.x as number[][]).map(change) }));
  test.each<[string, LabelledTask[]]>([
    ["two equal features", changed(([a, b]) => [a!, a!, b!])],
    ["a constant feature", changed(([a, b]) => [a!, 7, b!])],
    ["a feature of nothing", changed(([a, b]) => [a!, 0, b!])],
    ["features far from zero", changed(([a, b]) => [a! + 1e4, b!])],
    ["features of far scales", changed(([a, b]) => [a! * 30, b! / 30])],
    ["constant targets", base.map((task) => ({ ...task, y: (task.y as number[]).map(() => 3) }))],
  ])("%s", (_, tasks) => {
    for (const regularizer of regularizers(3)) expectCertified(tasks, squared(), regularizer, 0.5);
  });

  test("Huber's loss, where all rows are far off without weights", () => {
    const far = base.map((task) => ({ ...task, y: (task.x as number[][]).map(([a]) => (a! < 0 ? -90 : 90) + a!) }));
    for (const regularizer of regularizers(3)) {
      for (const options of [{ intercept: "none" } as const, { lambdaIntercept: 1 }]) {
        expectCertified(far, huber({ threshold: 0.2 }), regularizer, 0.5, options);
      }
    }
  });

  test("tiny and huge scales give the same fit, scaled", () => {
    const reference = fitLinear({ tasks: base, regularizer: traceNorm(), lambda: 1, tolerance: 1e-12 });
    for (const scale of [1e-60, 1e60]) {
      const tasks = base.map((task) => ({ ...task, y: (task.y as number[]).map((y) => y * scale) }));
      const model = fitLinear({ tasks, regularizer: traceNorm(), lambda: scale, tolerance: 1e-12 });
      for (const [k, weight] of model.weights.entries()) expect(weight / scale).toBeCloseTo(reference.weights[k]!, 5);
    }
  });

  test.each([1e300, 1e-300])("what squares cannot hold is refused: %s", (scale) => {
    const inputs = base.map((task) => ({ ...task, x: (task.x as number[][]).map((row) => row.map((v) => v * scale)) }));
    const targets = base.map((task) => ({ ...task, y: (task.y as number[]).map((v) => v * scale) }));
    for (const tasks of [inputs, targets]) {
      const fit = () => fitLinear({ tasks, regularizer: lasso(), lambda: 1 });
      expect(fit).toThrow(/task "t0", [xy]: squares of .* in float64|task "t0", [xy]: squares of .* overflow float64/);
      expect(fit).toThrow(InputError);
    }
  });
});
