import { largestAbsolute } from "../algebra/norms.js";
import { InputError } from "../errors.js";
import type { InterceptMode } from "../linear/model.js";
import type { AnyRegularizer, Penalty, Shape } from "../regularizers/regularizer.js";
import { splitPenalty } from "../regularizers/split.js";
import type { PrecisionGraph } from "../relations/kinship.js";
import { createBlockCoordinate } from "./block-coordinate.js";
import type { FitCertificate } from "./certificate.js";
import { type DataTerm, largestCurvature } from "./data-term.js";
import { featureBlocks } from "./feature-blocks.js";
import { createGramTerm, type SharedGrams } from "./gram-term.js";
import { solveNewton } from "./newton.js";
import type { Problem } from "./problem.js";
import {
  largestLambda,
  type NullFit,
  nullFit,
  type ProximalOptions,
  type ProximalProblem,
  type Solution,
  solveProximal,
} from "./proximal-gradient.js";
import { createRowTerm } from "./row-term.js";

/** A problem and a regularizer ready to be solved for one λ after another. */
export interface Engine {
  /**
   * From this λ on, all weights are zero; for penalties that no λ makes it so, a λ at which they outweigh the data by far.
   */
  lambdaMax(): number;
  solve(options: ProximalOptions): EngineSolution;
}

export interface EngineSolution {
  /** [tasks, outputs · features] */
  readonly weights: Float64Array;
  /** What the weights are the sum of, where the regularizer splits them; else none. */
  readonly parts: readonly Float64Array[];
  /** [tasks, outputs] */
  readonly intercepts: Float64Array;
  readonly objective: number;
  readonly certificate: FitCertificate;
  /** A start for the next λ. */
  readonly state: Float64Array;
}

export interface InterceptChoice {
  readonly mode: InterceptMode;
  /** λ_b; null where it follows λ. */
  readonly lambda: number | null;
}

/**
 * Newton's method where the penalty is quadratic, block coordinates where errors are squared and the penalty goes by
 * features, else proximal gradients.
 * @throws InputError for coupled intercepts without a K, and free ones that have no minimum.
 */
export function createEngine(
  problem: Problem,
  regularizer: AnyRegularizer,
  intercept: InterceptChoice,
  caller: string,
): Engine {
  const shape: Shape = { tasks: problem.names, width: problem.features * problem.outputs };
  const penalty: Penalty & { readonly count?: number } =
    regularizer.kind === "split" ? splitPenalty(regularizer, shape) : regularizer.on(shape);
  if (intercept.mode === "free" && !((intercept.lambda ?? 0) > 0)) requireMinimum(problem, caller);
  if (penalty.quadratic !== undefined) return newtonEngine(problem, penalty.quadratic, intercept);
  if (intercept.mode === "coupled") {
    throw new InputError(
      `${caller}: coupled intercepts need a quadratic penalty of the tasks (kNorm, ridge), and ${regularizer.name} is ` +
        `none; use intercept "free"`,
    );
  }
  const free = intercept.mode === "free";
  const ridge = free ? (intercept.lambda ?? 0) : 0;
  return proximalEngine(problem, penalty, penalty.count ?? 1, free, ridge);
}

function requireMinimum({ blocks, names }: Problem, caller: string): void {
  for (const [t, { loss, y }] of blocks.entries()) {
    const missing = loss.lacks?.(new Set(y)) ?? null;
    if (missing === null) continue;
    throw new InputError(
      `${caller}: task "${names[t]}" has no best intercept under the ${loss.name} loss, ${missing}; give lambdaIntercept, ` +
        `use intercept "none", or coupled intercepts with kNorm`,
    );
  }
}

/** Whether forming Gram matrices is worth it: they are small, or met by more rows than they have. */
function prefersGrams({ blocks, features }: Problem): boolean {
  let entries = 0;
  let inputs = 0;
  for (const [t, { twin, rows }] of blocks.entries()) {
    inputs += rows * features;
    if (twin === t) entries += features * features;
  }
  return entries <= 2 * inputs + 1e5 && entries <= 3e7;
}

/** Squares of a smaller strength vanish, by which block coordinates tell features in use from others. */
const leastNorm = 1e-100;

function proximalEngine(problem: Problem, penalty: Penalty, copies: number, free: boolean, ridge: number): Engine {
  const allSquared = problem.blocks.every(({ loss }) => loss.quadratic);
  if (allSquared && ridge === 0 && prefersGrams(problem)) {
    const term = createGramTerm(problem, free);
    const general = proximalSolver({ term, penalty, copies });
    const descend = featurewiseSolver(term.grams, problem.features, penalty);
    return {
      lambdaMax: general.lambdaMax,
      solve(options) {
        const norm = options.lambda * (penalty.featurewise?.norm ?? 0);
        const solve = descend !== null && norm > leastNorm ? descend : general.solve;
        return finish(solve(options), term, copies);
      },
    };
  }
  const term = createRowTerm(problem, { free, ridge });
  const { lambdaMax, solve } = proximalSolver({ term, penalty, copies });
  return { lambdaMax, solve: (options) => finish(solve(options), term, copies) };
}

/** What a problem is judged against is found when first asked for: it costs as much as a step. */
function proximalSolver(task: ProximalProblem) {
  let known: NullFit | undefined;
  const reference = () => {
    known ??= nullFit(task.term);
    return known;
  };
  return {
    lambdaMax: () => lambdaFor(task, reference()),
    solve: (options: ProximalOptions) => solveProximal(task, reference(), options),
  };
}

/** Block coordinates, where the penalty goes by features. */
function featurewiseSolver(grams: SharedGrams, features: number, { featurewise }: Penalty) {
  if (featurewise === undefined || !(featurewise.norm > 0)) return null;
  const blocks = featureBlocks(grams, features);
  return blocks === null ? null : createBlockCoordinate(blocks, grams, features, featurewise).solve;
}

function lambdaFor(task: ProximalProblem, reference: NullFit): number {
  const most = largestLambda(task, reference);
  if (most > 0) return most;
  // Ω* is finite everywhere, or unknown: λ at which the penalty of a weight outweighs the data by far.
  return 10 * Math.max(largestAbsolute(reference.gradient), reference.curvature()) || 1;
}

function finish(solution: Solution, term: DataTerm, copies: number): EngineSolution {
  const { weights: state, objective, certificate } = solution;
  const parts =
    copies === 1 ? [] : Array.from({ length: copies }, (_, c) => state.slice(c * term.size, (c + 1) * term.size));
  const weights = state.slice(0, term.size);
  for (let i = term.size; i < state.length; i++) weights[i % term.size]! += state[i]!;
  term.settle(weights);
  return { weights, parts, intercepts: term.intercepts.slice(), objective, certificate, state };
}

function newtonEngine(problem: Problem, graph: PrecisionGraph, { mode, lambda: own }: InterceptChoice): Engine {
  const { features, outputs, names } = problem;
  const wide = mode === "none" ? problem : withOnes(problem);
  const columns = wide.features;
  const gramsWork = wide.blocks.every(({ loss }) => loss.quadratic) && prefersGrams(wide);
  const term = gramsWork ? createGramTerm(wide, false) : createRowTerm(wide, { free: false, ridge: 0 });
  let least = Number.POSITIVE_INFINITY;
  for (let t = 0; t < names.length; t++) least = Math.min(least, graph.diagonal[t]!);
  return {
    lambdaMax() {
      term.evaluate(new Float64Array(term.size), new Float64Array(term.size));
      return (10 * largestCurvature(term)) / (least || 1) || 1;
    },
    solve(options) {
      const coupled = mode === "coupled" ? (own ?? options.lambda) : 0;
      const isIntercept = (k: number) => k % columns >= features;
      const width = columns * outputs;
      const strengths = Float64Array.from({ length: width }, (_, k) => (isIntercept(k) ? coupled : options.lambda));
      const ridge = mode === "free" ? (own ?? 0) : 0;
      const ridges = Float64Array.from({ length: width }, (_, k) => (isIntercept(k) ? ridge : 0));
      const { weights: state, objective, certificate } = solveNewton(term, { graph, strengths, ridges }, options);
      const weights = new Float64Array(names.length * outputs * features);
      const intercepts = new Float64Array(names.length * outputs);
      for (let row = 0; row < names.length * outputs; row++) {
        weights.set(state.subarray(row * columns, row * columns + features), row * features);
        if (columns > features) intercepts[row] = state[row * columns + features]!;
      }
      return { weights, parts: [], intercepts, objective, certificate, state };
    },
  };
}

/** Inputs with a last column of ones. */
function withOnes(problem: Problem): Problem {
  const { features, blocks } = problem;
  const widened = new Map<Float64Array, Float64Array>();
  const widen = (x: Float64Array, rows: number) => {
    let wide = widened.get(x);
    if (wide === undefined) {
      wide = new Float64Array(rows * (features + 1)).fill(1);
      for (let i = 0; i < rows; i++) wide.set(x.subarray(i * features, (i + 1) * features), i * (features + 1));
      widened.set(x, wide);
    }
    return wide;
  };
  return {
    ...problem,
    features: features + 1,
    blocks: blocks.map((block) => ({ ...block, x: widen(block.x, block.rows) })),
  };
}
