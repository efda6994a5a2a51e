import { dot } from "../algebra/dot.js";
import { matrixOf, vectorOf } from "../data/arrays.js";
import { InputError } from "../errors.js";
import { nodesFor } from "../linear/kin.js";
import type { LinearModel } from "../linear/model.js";
import type { Loss } from "../losses/loss.js";
import { createEngine } from "./engine.js";
import { interceptOf, type LinearProblemOptions, modelOf } from "./fit-linear.js";
import type { FoldPlan } from "./fold-plan.js";
import { type LabelledTask, type Problem, problemOf, type Sources } from "./problem.js";
import type { ProximalOptions } from "./proximal-gradient.js";

const caller = "crossValidateLinear";

/** What cross-validation has to fit, whatever the regularizer. */
export interface FoldWork {
  readonly tasks: readonly LabelledTask[];
  readonly loss: Loss;
  readonly plans: readonly FoldPlan[];
}

/** One λ, and how exactly. */
export type FoldSettings = Pick<ProximalOptions, "lambda" | "tolerance" | "maxIterations">;

export interface FoldOutcome {
  /** The sum of the losses of the rows held out. */
  readonly loss: number;
  readonly converged: boolean;
}

/** Fits every fold at one λ; `rest` is awaited after each. */
export type SolveFolds = (settings: FoldSettings, rest: () => Promise<void>) => Promise<readonly FoldOutcome[]>;

/** Makes, for one regularizer after another, what fits it on every fold. */
export type FoldSolver = (work: FoldWork) => (choice: LinearProblemOptions) => SolveFolds;

export const inThisThread: FoldSolver = ({ tasks, loss, plans }) => {
  const sources: Sources = new Map();
  const problems = plans.map(({ train }) => problemOf(train, loss, caller, sources));
  return (choice) => {
    const fits = plans.map((plan, k) => foldFit({ tasks, loss, plan, problem: problems[k]!, choice }));
    return async (settings, rest) => {
      const outcomes: FoldOutcome[] = [];
      for (const fit of fits) {
        outcomes.push(fit(settings));
        await rest();
      }
      return outcomes;
    };
  };
};

export interface FoldProblem extends Omit<FoldWork, "plans"> {
  readonly plan: FoldPlan;
  readonly problem: Problem;
  readonly choice: LinearProblemOptions;
}

/** One fold, ready for one λ after another: each starts from the nearest that was solved. */
export function foldFit({ tasks, loss, plan, problem, choice }: FoldProblem): (settings: FoldSettings) => FoldOutcome {
  const engine = createEngine(problem, choice.regularizer, interceptOf(choice, caller), caller);
  const held = heldOut(plan, tasks);
  const solved = new Map<number, Float64Array>();
  return (settings) => {
    const { lambda } = settings;
    const start = nearest(solved, lambda);
    const solution = engine.solve({ ...settings, ...(start && { start }) });
    solved.set(lambda, solution.state);
    return {
      loss: heldOutLoss(modelOf(problem, solution, choice, lambda), held, loss),
      converged: solution.certificate.converged,
    };
  };
}

function nearest(solved: ReadonlyMap<number, Float64Array>, lambda: number): Float64Array | undefined {
  let found: Float64Array | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const [other, state] of solved) {
    const distance = Math.abs(Math.log((other || 1e-300) / (lambda || 1e-300)));
    if (distance < least) [least, found] = [distance, state];
  }
  return found;
}

/** Rows of one task that are held out, and what they should give. */
interface HeldOut {
  readonly name: string;
  /** [rows, features] */
  readonly x: Float64Array;
  readonly y: Float64Array;
}

function heldOut({ held }: FoldPlan, tasks: readonly LabelledTask[]): HeldOut[] {
  return held.map(({ task, rows }) => {
    const { name, x, y } = tasks[task]!;
    const { data, columns } = matrixOf(x, "x");
    const labels = vectorOf(y, "y");
    const inputs = new Float64Array(rows.length * columns);
    for (const [i, row] of rows.entries()) inputs.set(data.subarray(row * columns, (row + 1) * columns), i * columns);
    return { name, x: inputs, y: Float64Array.from(rows, (row) => labels[row]!) };
  });
}

/** The sum of losses of the rows held out. A task that did not train is predicted as the model predicts unseen ones. */
function heldOutLoss(model: LinearModel, held: readonly HeldOut[], loss: Loss): number {
  const { names, weights, intercepts } = nodesFor(
    model,
    held.map(({ name }) => name),
  );
  const nodes = new Map(names.map((name, node) => [name, node]));
  const { outputs } = loss;
  const width = model.features.length;
  let total = 0;
  for (const { name, x, y } of held) {
    const node = nodes.get(name) ?? (model.kinship.root === null ? undefined : nodes.get(model.kinship.root));
    if (node === undefined) {
      throw new InputError(
        `crossValidateLinear: the ${model.kinship.kind} kinship says nothing of task "${name}", which no row trains; ` +
          `use folds within tasks`,
      );
    }
    const scores = new Float64Array(y.length * outputs);
    for (let i = 0; i < y.length; i++) {
      for (let c = 0; c < outputs; c++) {
        const at = node * outputs + c;
        scores[i * outputs + c] = intercepts[at]! + dot(weights, at * width, x, i * width, width);
      }
      total += loss.value(scores, i * outputs, y[i]!);
    }
  }
  return total;
}
