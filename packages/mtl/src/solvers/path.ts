import { InputError } from "../errors.js";
import type { LinearModel } from "../linear/model.js";
import { breather, type RunControl } from "../linear/run-control.js";
import { squared } from "../losses/squared.js";
import type { Tolerances } from "./certificate.js";
import { createEngine } from "./engine.js";
import {
  defaultIterations,
  defaultTolerance,
  type FitLinearOptions,
  interceptOf,
  type LinearProblemOptions,
  modelOf,
  requireSolvable,
} from "./fit-linear.js";
import { problemOf } from "./problem.js";

export interface PathOptions
  extends LinearProblemOptions,
    Tolerances,
    RunControl,
    Pick<FitLinearOptions, "features" | "pipeline" | "onWarning"> {
  /** Values of λ, or how many to take from λ_max downwards; 20 unless given. */
  readonly lambdas?: number | readonly number[];
  /** The least λ as a share of λ_max, where `lambdas` is a number; 1e-3 unless given. */
  readonly least?: number;
}

/**
 * Models for one λ after another, from the largest down, each solved from the one before. λ_max is the least λ at which
 * all weights are zero.
 * @throws InputError for what `fitLinear` refuses.
 */
export async function fitPath(options: PathOptions): Promise<LinearModel[]> {
  const { tolerance = defaultTolerance, maxIterations = defaultIterations, lambdas = 20, least = 1e-3 } = options;
  const problem = problemOf(options.tasks, options.loss ?? squared(), "fitPath");
  const engine = createEngine(problem, options.regularizer, interceptOf(options, "fitPath"), "fitPath");
  const values = typeof lambdas === "number" ? spaced(engine.lambdaMax(), lambdas, least) : descending(lambdas);
  const breathe = breather("path", options);
  const models: LinearModel[] = [];
  let start: Float64Array | undefined;
  for (const [done, lambda] of values.entries()) {
    requireSolvable(lambda, tolerance, maxIterations, "fitPath");
    const solution = engine.solve({ lambda, tolerance, maxIterations, ...(start && { start }) });
    start = solution.state;
    const { remedy } = solution.certificate;
    if (remedy !== null) options.onWarning?.(`fitPath: at λ = ${lambda}: ${remedy}`);
    models.push(modelOf(problem, solution, options, lambda));
    await breathe(done + 1, values.length);
  }
  return models;
}

function spaced(most: number, count: number, least: number): number[] {
  if (!(Number.isInteger(count) && count > 0)) {
    throw new InputError(`fitPath: lambdas must be values, or a whole number > 0 of them, not ${count}`);
  }
  if (!(least > 0 && least < 1)) throw new InputError(`fitPath: least must be a share between 0 and 1, not ${least}`);
  return Array.from({ length: count }, (_, k) => most * least ** (k / Math.max(1, count - 1)));
}

export function descending(values: readonly number[]): number[] {
  if (values.length === 0) throw new InputError("fitPath: lambdas is empty; leave it out, or give values");
  return [...values].sort((a, b) => b - a);
}
