import {
  crossValidate,
  crossValidateLinear,
  deserialize,
  dirty,
  elasticNet,
  fitKNorm,
  fitLinear,
  fitLinearByCrossValidation,
  fitPath,
  graphFused,
  grid,
  InputError,
  jointFeatures,
  kNorm,
  type LabelledTask,
  type LinearModel,
  lasso,
  logistic,
  meanKinship,
  mtlFeat,
  multinomial,
  poisson,
  predictTask,
  type Regularizer,
  randomSearch,
  ridge,
  robust,
  serialize,
  squared,
  traceNorm,
} from "@kinship/mtl";
import { describe, expect, test, vi } from "vitest";
import { randomTasks, squaredObjective, weightsOf } from "./support.js";

const tasks = randomTasks({ tasks: 3, rows: 14, features: 4 });
const close = (a: ArrayLike<number>, b: ArrayLike<number>, digits = 6) => {
  expect(a.length).toBe(b.length);
  for (let i = 0; i < a.length; i++) expect(a[i]).toBeCloseTo(b[i]!, digits);
};

describe("the fit", () => {
  test.each<[string, Regularizer]>([
    ["lasso", lasso()],
    ["joint features", jointFeatures()],
    ["trace norm", traceNorm()],
    ["mtl-feat", mtlFeat()],
    ["elastic net", elasticNet()],
  ])("is a minimum of the objective as documented: %s", (_, regularizer) => {
    const weighted = tasks.map((task, t) => ({
      ...task,
      weight: 1 + t,
      sampleWeights: (task.y as number[]).map((_, i) => i % 3),
    }));
    const model = fitLinear({ tasks: weighted, regularizer, lambda: 1.5, tolerance: 1e-13 });
    const at = (w: Float64Array, b: Float64Array) => squaredObjective(weighted, regularizer, 1.5, w, b);
    const [w, b] = [weightsOf(model), model.intercepts.slice(0, 3)];
    expect(model.objective).toBeCloseTo(at(w, b), 9);
    for (let k = 0; k < w.length + b.length; k++) {
      for (const step of [-1e-2, -1e-4, 1e-4, 1e-2]) {
        const nudged = Float64Array.from([...w, ...b], (value, i) => (i === k ? value + step : value));
        expect(at(nudged.slice(0, w.length), nudged.slice(w.length))).toBeGreaterThan(model.objective - 1e-10);
      }
    }
  });

  test("with kNorm is fitKNorm's, intercepts coupled, free and absent", () => {
    for (const intercept of ["coupled", "free", "none"] as const) {
      const kinship = meanKinship({ shrinkage: 0.2 });
      const options = { tasks, lambda: 2, intercept, lambdaIntercept: intercept === "coupled" ? 0.7 : 0 };
      const model = fitLinear({ ...options, regularizer: kNorm(kinship) });
      const known = fitKNorm({ ...options, kinship });
      // Latent nodes included: what an unseen task is expected to be.
      close(model.weights, known.weights, 8);
      close(model.intercepts, known.intercepts, 8);
      expect(model.objective).toBeCloseTo(known.objective, 8);
    }
  });

  test("does not see what rows are missing, nor whether inputs are shared", () => {
    const x = tasks[2]!.x as number[][];
    const y = x.map((row, i) => row[0]! + i / 9);
    const holes = y.map((value, i) => (i % 4 === 1 ? Number.NaN : value));
    const keep = x.flatMap((row, i) => (i % 4 === 1 ? [] : [{ row, y: y[i]! }]));
    const shared: LabelledTask[] = [{ name: "a", x, y }, { name: "b", x, y: holes }, { name: "c", x, y: holes, weight: 2 }]; // biome-ignore format: one line
    const kept = { x: keep.map(({ row }) => row), y: keep.map(({ y }) => y) };
    const apart = [{ name: "a", x: x.map((row) => [...row]), y }, { name: "b", ...kept }, { name: "c", ...kept, x: kept.x.map((row) => [...row]), weight: 2 }]; // biome-ignore format: one line
    for (const regularizer of [jointFeatures(), traceNorm(), dirty()]) {
      const options = { regularizer, lambda: 0.5, tolerance: 1e-12 };
      close(fitLinear({ tasks: shared, ...options }).weights, fitLinear({ tasks: apart, ...options }).weights, 5);
    }
  });

  test("counts a row of weight 2 twice", () => {
    const [task] = tasks as [LabelledTask];
    const [x, y] = [task.x as number[][], task.y as number[]];
    const twice = { name: "t0", x: [...x, ...x.slice(0, 3)], y: [...y, ...y.slice(0, 3)] };
    const heavy = { ...task, sampleWeights: y.map((_, i) => (i < 3 ? 2 : 1)) };
    const label = (given: LabelledTask) => ({ ...given, y: (given.y as number[]).map((v) => (v > 0 ? 1 : 0)) });
    for (const loss of [squared(), logistic()]) {
      const fit = (given: LabelledTask) =>
        fitLinear({ tasks: [loss.name === "squared" ? given : label(given)], loss, regularizer: ridge(), lambda: 1 });
      close(fit(heavy).weights, fit(twice).weights, 8);
    }
  });

  test("splits weights into parts that add up", () => {
    for (const regularizer of [dirty(), robust()]) {
      const model = fitLinear({ tasks, regularizer, lambda: 0.5 });
      expect(model.parts.length).toBe(2);
      close(
        model.parts[0]!.map((value, i) => value + model.parts[1]![i]!),
        weightsOf(model),
        12,
      );
    }
  });

  test("predicts probabilities, expected counts, and an unseen task by the mean of the tasks", () => {
    const counted = tasks.map((task) => ({ ...task, y: (task.y as number[]).map((v) => Math.max(0, Math.round(v))) }));
    const model = fitLinear({ tasks: counted, loss: poisson(), regularizer: ridge(), lambda: 1 });
    const x = [[1, 0, 0, 1]];
    const score = (node: number) =>
      model.intercepts[node]! + x[0]!.reduce((sum, value, j) => sum + value * model.weights[node * 4 + j]!, 0);
    expect(predictTask(model, "t1", x)[0]).toBeCloseTo(Math.exp(score(1)), 12);
    const mean = (score(0) + score(1) + score(2)) / 3;
    expect(predictTask(model, "stranger", x)[0]).toBeCloseTo(Math.exp(mean), 12);
    const three = tasks.map((task) => ({ ...task, y: (task.y as number[]).map((_, i) => i % 3) }));
    const classes = fitLinear({
      tasks: three,
      loss: multinomial({ classes: 3 }),
      regularizer: traceNorm(),
      lambda: 0.3,
    });
    const probabilities = predictTask(classes, "t0", [[1, 2, 3, 4], [0, 0, 0, 0]]); // biome-ignore format: two rows
    expect(probabilities.length).toBe(6);
    expect(probabilities[0]! + probabilities[1]! + probabilities[2]!).toBeCloseTo(1, 14);
  });

  test("is saved and loaded to the bit", () => {
    const labelled = tasks.map((task) => ({ ...task, y: (task.y as number[]).map((_, i) => i % 3) }));
    const models: LinearModel[] = [
      fitLinear({ tasks, regularizer: dirty(), lambda: 0.5 }),
      fitLinear({ tasks, regularizer: kNorm(meanKinship()), lambda: 0.5 }),
      fitLinear({
        tasks: labelled,
        loss: multinomial({ classes: 3 }),
        regularizer: elasticNet({ ratio: 0.25 }),
        lambda: 0.5,
      }),
      fitLinear({ tasks, regularizer: lasso(), lambda: 0.5, maxIterations: 1, tolerance: 1e-12 }),
    ];
    for (const model of models) {
      const loaded = deserialize(serialize(model));
      expect(loaded).toEqual(model);
      expect(predictTask(loaded, "t0", [[1, 2, 3, 4]])).toEqual(predictTask(model, "t0", [[1, 2, 3, 4]]));
    }
  });

  test("says so where it has not converged, and what to do", () => {
    const onWarning = vi.fn();
    const { certificate } = fitLinear({ tasks, regularizer: lasso(), lambda: 0.1, maxIterations: 2, onWarning });
    expect(certificate.converged).toBe(false);
    expect(certificate.remedy).toMatch(/after 2 iterations .* raise maxIterations/);
    expect(onWarning).toHaveBeenCalledExactlyOnceWith(`fitLinear: ${certificate.remedy}`);
  });
});

describe("the path", () => {
  test("starts with no weights and ends where single fits do", async () => {
    for (const regularizer of [jointFeatures(), traceNorm(), dirty(), lasso()]) {
      const models = await fitPath({ tasks, regularizer, lambdas: 6, tolerance: 1e-11 });
      expect(models[0]!.weights.every((value) => Math.abs(value) < 1e-9)).toBe(true);
      expect(weightsOf(models[1]!).some((value) => Math.abs(value) > 1e-6)).toBe(true);
      const last = models.at(-1)!;
      const alone = fitLinear({ tasks, regularizer, lambda: last.lambda, tolerance: 1e-11 });
      close(last.weights, alone.weights, 4);
      for (let k = 1; k < models.length; k++) expect(models[k]!.objective).toBeLessThan(models[k - 1]!.objective);
    }
  });

  test("stops when told to", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(fitPath({ tasks, regularizer: lasso(), signal })).rejects.toThrow("enough");
    await expect(crossValidateLinear({ tasks, regularizer: lasso(), signal })).rejects.toThrow("enough");
  });
});

describe("cross-validation", () => {
  test("is what fitting each fold and predicting its rows gives", async () => {
    const regularizer = lasso();
    // Whole tasks held out: folds that need no luck to be drawn again here.
    const { path, folds } = await crossValidateLinear({ tasks, regularizer, lambdas: [0.5, 3], folds: { kind: "tasks" }, tolerance: 1e-10 }); // biome-ignore format: one line
    expect(folds).toBe(3);
    for (const { lambda, error } of path) {
      let total = 0;
      let rows = 0;
      for (const held of tasks) {
        const model = fitLinear({
          tasks: tasks.filter((task) => task !== held),
          regularizer,
          lambda,
          tolerance: 1e-10,
        });
        for (const [i, predicted] of predictTask(model, held.name, held.x).entries()) {
          total += (predicted - (held.y as number[])[i]!) ** 2;
          rows++;
        }
      }
      expect(error).toBeCloseTo(total / rows, 5);
    }
  });

  test("chooses among candidates, the same for the same seed, and reports progress", async () => {
    const onProgress = vi.fn();
    const regularizer = grid({ ratio: [0.1, 0.9] }, elasticNet);
    const one = await fitLinearByCrossValidation({ tasks, regularizer, seed: 3, onProgress });
    const other = await fitLinearByCrossValidation({ tasks, regularizer, seed: 3 });
    expect(serialize(one.model)).toBe(serialize(other.model));
    expect(regularizer).toContain(one.validation.regularizer);
    expect(one.validation.error).toBe(Math.min(...one.validation.path.map(({ error }) => error)));
    expect(onProgress).toHaveBeenCalled();
    // Noise of a sixteenth of the signal: the right λ is small, and found.
    expect(one.validation.error).toBeLessThan(0.5 * one.validation.path[0]!.error);
  });

  test("holds out whole groups", async () => {
    const groups = tasks.map(({ y }) => Array.from(y as number[], (_, i) => `school ${i % 4}`));
    const folds = { kind: "groups", groups, folds: 4 } as const;
    const found = await crossValidateLinear({ tasks, regularizer: ridge(), folds, lambdas: [1] });
    expect(found.folds).toBe(4);
    const few = crossValidateLinear({ tasks, regularizer: ridge(), folds: { ...folds, folds: 5 }, lambdas: [1] });
    await expect(few).rejects.toThrow(/4 groups do not fill 5 folds/);
  });

  test("a task whose only row is in a group is held out with it, and predicted as an unseen one", async () => {
    const single = { name: "single", x: [[1, 2, 0, -1]], y: [40] };
    const groups = [...tasks.map(({ y }) => Array.from(y as number[], (_, i) => `g${i % 2}`)), ["g0"]];
    const given = [...tasks, single];
    const options = { regularizer: ridge(), lambdas: [1], tolerance: 1e-10 };
    const { error } = await crossValidateLinear({ ...options, tasks: given, folds: { kind: "groups", groups, folds: 2 } }); // biome-ignore format: one line
    let total = 0;
    let rows = 0;
    for (const group of ["g0", "g1"]) {
      const part = (keep: boolean) =>
        given
          .map(({ name, x, y }, t) => ({
            name,
            x: (x as number[][]).filter((_, i) => (groups[t]![i] === group) === keep),
            y: (y as number[]).filter((_, i) => (groups[t]![i] === group) === keep),
          }))
          .filter(({ y }) => y.length > 0);
      const model = fitLinear({ tasks: part(false), regularizer: ridge(), lambda: 1, tolerance: 1e-10 });
      for (const { name, x, y } of part(true)) {
        for (const [i, value] of predictTask(model, name, x).entries()) total += (value - y[i]!) ** 2;
        rows += y.length;
      }
    }
    expect(rows).toBe(tasks.reduce((sum, { y }) => sum + (y as number[]).length, 1));
    expect(error).toBeCloseTo(total / rows, 6);
  });

  test("repeats that are no whole number from 1 on are refused", async () => {
    for (const repeats of [0, 1.5, Number.NaN]) {
      const folds = { kind: "within-tasks", repeats } as const;
      const message = /repeats must be a whole number from 1 on/;
      await expect(crossValidateLinear({ tasks, regularizer: ridge(), folds })).rejects.toThrow(message);
      await expect(crossValidate({ tasks, kinship: meanKinship(), repeats })).rejects.toThrow(message);
    }
  });

  test("a class that a fold lacks is an error with a remedy, and the remedy works", async () => {
    const rare = tasks.map((task) => ({ ...task, y: (task.y as number[]).map((_, i) => (i === 0 ? 1 : 0)) }));
    const options = { tasks: rare, loss: logistic(), regularizer: lasso(), lambdas: [0.1] };
    await expect(crossValidateLinear(options)).rejects.toThrow(
      /no best intercept .* no row has label 1; give lambdaIntercept/,
    );
    const { error } = await crossValidateLinear({ ...options, lambdaIntercept: 0.1 });
    expect(error).toBeGreaterThan(0);
    expect(error).toBeLessThan(1);
  });

  test("draws of random search stay in range and repeat", () => {
    const ranges = { ratio: { low: 0.1, high: 0.9 }, spread: { low: 1e-3, high: 10, scale: "logarithmic" } } as const;
    const draws = randomSearch(ranges, (options) => options, { count: 50, seed: 1 });
    expect(draws).toEqual(randomSearch(ranges, (options) => options, { count: 50, seed: 1 }));
    for (const { ratio, spread } of draws) {
      expect(ratio).toBeGreaterThanOrEqual(0.1);
      expect(ratio).toBeLessThanOrEqual(0.9);
      expect(spread).toBeGreaterThanOrEqual(1e-3);
      expect(spread).toBeLessThanOrEqual(10 * (1 + 1e-12));
    }
    expect(draws.filter(({ spread }) => spread < 0.1).length).toBeGreaterThan(10);
    expect(() => randomSearch({ a: { low: 1, high: 0 } }, (o) => o)).toThrow(InputError);
    expect(() => grid({ a: [] }, (o) => o)).toThrow(InputError);
  });
});

describe("what cannot be fitted is refused", () => {
  const [task] = tasks as [LabelledTask];
  const fit = (change: Partial<Parameters<typeof fitLinear>[0]>) => () =>
    fitLinear({ tasks, regularizer: lasso(), lambda: 1, ...change });
  const y = task.y as number[];
  test.each<[string, () => unknown, RegExp]>([
    ["no tasks", fit({ tasks: [] }), /there are no tasks/],
    ["a task twice", fit({ tasks: [task, task] }), /given twice/],
    ["no label at all", fit({ tasks: [{ ...task, y: y.map(() => Number.NaN) }] }), /no row with a label/],
    ["no rows", fit({ tasks: [{ name: "a", x: [], y: [] }] }), /no row with a label/],
    ["weights all zero", fit({ tasks: [{ ...task, sampleWeights: y.map(() => 0) }] }), /no row of weight > 0/],
    ["a negative weight", fit({ tasks: [{ ...task, sampleWeights: y.map(() => -1) }] }), /sample weight -1/],
    ["a task weight of zero", fit({ tasks: [{ ...task, weight: 0 }] }), /weight 0; it must be/],
    ["too few weights", fit({ tasks: [{ ...task, sampleWeights: [1] }] }), /14 rows and 1 sampleWeights/],
    ["an infinite input", fit({ tasks: [{ ...task, x: [[Number.POSITIVE_INFINITY, 1, 1, 1], ...(task.x as number[][]).slice(1)] }] }), /row 1, column 1 is Infinity/], // biome-ignore format: one line
    ["an infinite target", fit({ tasks: [{ ...task, y: [Number.POSITIVE_INFINITY, ...y.slice(1)] }] }), /row 1 has the label Infinity/], // biome-ignore format: one line
    ["widths that differ", fit({ tasks: [task, { name: "b", x: [[1]], y: [1] }] }), /differ in width/],
    ["lengths that differ", fit({ tasks: [{ ...task, y: [1] }] }), /14 rows of x and 1 of y/],
    ["a label that is no class", fit({ loss: logistic() }), /row 1 has the label .*; the logistic loss takes 0 or 1/],
    ["a class beyond the last", fit({ tasks: [{ ...task, y: y.map((_, i) => i) }], loss: multinomial({ classes: 3 }) }), /row 4 has the label 3; .* from 0 to 2/], // biome-ignore format: one line
    ["labels of one class", fit({ tasks: [{ ...task, y: y.map(() => 1) }], loss: logistic() }), /no row has label 0; give lambdaIntercept/], // biome-ignore format: one line
    ["a negative λ", fit({ lambda: -1 }), /finite number ≥ 0, not -1/],
    ["a λ that is no number", fit({ lambda: Number.NaN }), /finite number ≥ 0, not NaN/],
    ["an infinite λ", fit({ lambda: Number.POSITIVE_INFINITY }), /finite number ≥ 0/],
    ["a tolerance of zero", fit({ tolerance: 0 }), /tolerance must be a finite number > 0/],
    ["no iterations", fit({ maxIterations: 0 }), /maxIterations must be a whole number > 0/],
    ["intercepts coupled by nothing", fit({ intercept: "coupled" }), /coupled intercepts need a quadratic penalty/],
    ["a negative λ of intercepts", fit({ lambdaIntercept: -1 }), /lambdaIntercept must be a finite number ≥ 0/],
    ["an edge to no task", fit({ regularizer: graphFused({ edges: [["t0", "zz"]] }) }), /"zz", which is no task/],
    ["too few names", fit({ features: ["one"] }), /1 names for 4 features/],
  ])("%s", (_, make, message) => {
    expect(make).toThrow(message);
    expect(make).toThrow(InputError);
  });

  test("by cross-validation too", async () => {
    const one = [{ name: "a", x: [[1]], y: [1] }];
    await expect(crossValidateLinear({ tasks: one, regularizer: lasso() })).rejects.toThrow(/not two rows/);
    await expect(crossValidateLinear({ tasks, regularizer: [] })).rejects.toThrow(/no regularizer to choose/);
    await expect(crossValidateLinear({ tasks, regularizer: lasso(), lambdas: [-1] })).rejects.toThrow(/≥ 0, not -1/);
    await expect(fitPath({ tasks, regularizer: lasso(), lambdas: 0 })).rejects.toThrow(/whole number > 0/);
    await expect(fitPath({ tasks, regularizer: lasso(), least: 2 })).rejects.toThrow(/between 0 and 1/);
  });
});
