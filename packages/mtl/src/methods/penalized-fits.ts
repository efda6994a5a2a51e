import { matrixOf } from "../data/arrays.js";
import { validationOf } from "../evaluate/validation.js";
import type { LinearModel } from "../linear/model.js";
import { nodeNames } from "../linear/model.js";
import { basedLoss } from "../losses/based.js";
import { describeLoss } from "../losses/saved.js";
import { pooledKinship } from "../relations/pooled.js";
import { fitLinear } from "../solvers/fit-linear.js";
import type { LabelledTask } from "../solvers/problem.js";
import type { RegularizerDescription } from "./describe.js";
import type { MethodFit } from "./gram-fits.js";
import { methodOf } from "./method-of.js";
import type { MethodRun } from "./run.js";
import type { MethodName } from "./table.js";

/** The intercepts' λ is looked for among these, in the intercept-only model. */
const interceptPenalties = [0.01, 0.1, 0.3, 1, 3, 10, 100];

/** A regularizer under any loss, its options and its λ chosen by cross-validation. */
export async function fitPenalized(
  name: MethodName,
  regularizers: readonly RegularizerDescription[],
  run: MethodRun,
): Promise<MethodFit> {
  const { pipeline, loss, base, control } = run;
  const pools = methodOf(name).pools === true;
  const tasks = pools ? [pooledTask(run)] : run.tasks;
  const foldOf = pools ? [Int32Array.from(run.foldOf.flatMap((of) => Array.from(of)))] : run.foldOf;
  const tied = regularizers[0]!.name === "k-norm";
  const lambdaIntercept = base === null ? null : tied ? await tiedPenalty(run) : run.lambdaIntercept;
  const intercept = tied ? ("coupled" as const) : ("free" as const);
  const choice = { intercept, ...(lambdaIntercept !== null && { lambdaIntercept }) };
  const found = await run.crossValidate({
    ...{ tasks, loss: describeLoss(loss), regularizers, ...choice },
    ...(base && { base }),
    folds: { kind: "given", foldOf },
    seed: run.seed,
    ...staged(control, `cross-validation, ${methodOf(name).title}`),
  });
  const based = base === null ? loss : basedLoss(loss, base);
  const { regularizer } = found;
  const fit = (lambda: number, tolerance: number) => {
    const settings = { tasks, loss: based, regularizer, lambda, tolerance, ...choice, pipeline };
    const model = withBase(fitLinear(settings), base);
    return pools ? asPooled(model, run) : name === "single-task" ? { ...model, method: name } : model;
  };
  return {
    validation: validationOf(found, {
      lambdaIntercept: lambdaIntercept ?? (tied ? null : 0),
      factor: loss.name === "poisson" ? 2 : 1,
    }),
    model: fit(found.lambda, 1e-7),
    refit: async (lambda) => fit(lambda, 1e-4),
  };
}

/** λ_b of free intercepts by cross-validation, the weights left out; null where intercepts have no base. */
export async function chooseInterceptPenalty(
  run: MethodRun,
  regularizer: RegularizerDescription,
): Promise<number | null> {
  const { base, loss } = run;
  if (base === null) return null;
  const intercept = regularizer.name === "k-norm" ? "coupled" : "free";
  const tasks = run.tasks.map(({ name, y }): LabelledTask => {
    const rows = (y as Float64Array).length;
    return { name, x: { data: new Float64Array(rows), shape: [rows, 1], stride: [1, 1], offset: 0 }, y };
  });
  let best = { lambda: interceptPenalties[0]!, error: Number.POSITIVE_INFINITY };
  for (const lambda of interceptPenalties) {
    const { error } = await run.crossValidate({
      ...{ tasks, loss: describeLoss(loss), base, regularizers: [regularizer], intercept, lambdaIntercept: lambda },
      ...{ lambdas: [1], folds: { kind: "given", foldOf: run.foldOf }, seed: run.seed },
      ...staged(run.control, "cross-validation, intercepts"),
    });
    if (error < best.error) best = { lambda, error };
  }
  return best.lambda;
}

/** The intercepts of tied tasks are tied by the same K. */
const tiedPenalty = (run: MethodRun) => chooseInterceptPenalty(run, { name: "k-norm", kinship: run.settings.kinship });

const staged = ({ onProgress, signal }: MethodRun["control"], stage: string): MethodRun["control"] => ({
  ...(onProgress && { onProgress: ({ done, total }) => onProgress({ stage, done, total }) }),
  ...(signal && { signal }),
});

/** All rows as one task. */
function pooledTask({ tasks, pipeline }: MethodRun): LabelledTask {
  const width = pipeline.names.length;
  const rows = tasks.reduce((sum, { y }) => sum + (y as Float64Array).length, 0);
  const x = new Float64Array(rows * width);
  const y = new Float64Array(rows);
  let at = 0;
  for (const task of tasks) {
    x.set(matrixOf(task.x, "x").data, at * width);
    y.set(task.y as Float64Array, at);
    at += (task.y as Float64Array).length;
  }
  return { name: "all", x: { data: x, shape: [rows, width], stride: [width, 1], offset: 0 }, y };
}

function asPooled(model: LinearModel, { tasks }: MethodRun): LinearModel {
  const kinship = pooledKinship()(tasks.map(({ name }) => name));
  const node = nodeNames(model).indexOf(model.kinship.tasks[0]!);
  const width = model.weights.length / model.kinship.precision.size;
  const outputs = model.intercepts.length / model.kinship.precision.size;
  return {
    ...model,
    method: "pooled",
    kinship,
    weights: model.weights.slice(node * width, (node + 1) * width),
    intercepts: model.intercepts.slice(node * outputs, (node + 1) * outputs),
    parts: [],
  };
}

/** Intercepts as a saved model has them: counted from 0. */
function withBase(model: LinearModel, base: readonly number[] | null): LinearModel {
  if (base === null) return model;
  return { ...model, intercepts: model.intercepts.map((value, at) => value + base[at % base.length]!) };
}
