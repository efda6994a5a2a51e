import type { Grams } from "../../linear/grams.js";
import { lossOf } from "../../linear/system.js";
import type { PrecisionGraph } from "../kinship.js";
import { createAnderson } from "./anderson.js";
import {
  type Metric,
  metricOf,
  metricOfRoot,
  penaltyOf,
  plainMetric,
  residualGiven,
  rootOf,
  scatterOf,
} from "./metric.js";
import { solveGiven } from "./solve-given.js";

export interface AlternationProblem {
  readonly grams: Grams;
  /** The prior K₀. */
  readonly graph: PrecisionGraph;
  readonly slopes: number;
}

export interface AlternationSettings {
  readonly lambda: number;
  readonly lambdaIntercept: number;
  /** ρ: how much of the penalty stays with K₀. */
  readonly share: number;
  /** ε; found from the plain K-norm's weights if null. */
  readonly smoothing: number | null;
  readonly tolerance: number;
  readonly rounds: number;
}

/** One exchange: tasks were fitted given the relations, and the relations estimated anew. */
export interface Round {
  readonly objective: number;
  /** ‖∇L‖ over the norm of its terms, at the new weights and the new relations. */
  readonly residual: number;
}

export interface Alternation {
  /** [nodes, width] */
  readonly weights: Float64Array;
  readonly metric: Metric;
  readonly smoothing: number;
  readonly rounds: readonly Round[];
  /** The node at which the system was singular, or −1. */
  readonly failed: number;
}

/** Singular values below this part of their mean are smoothed away. */
const relativeSmoothing = 1e-3;

/** So many rounds are remembered to guess where they lead. */
const memory = 8;

/**
 * Fits the tasks given M, then M given the tasks, and again, until the gradient is at most `tolerance` of its terms:
 * each half minimises one convex objective exactly, so that it never rises (Argyriou, Evgeniou & Pontil, Convex
 * multi-task feature learning, 2008, algorithm 1). Between rounds M is moved to where they lead, by Anderson's
 * acceleration of the covariance of features; a round that then raised the objective is not taken, and follows the plain M instead.
 * A generator, so that a caller may rest or stop between rounds.
 */
export function* alternate(
  { grams, graph, slopes }: AlternationProblem,
  settings: AlternationSettings,
  start: Metric | null = null,
): Generator<Round, Alternation, void> {
  const { lambda, lambdaIntercept, share, tolerance } = settings;
  const { tasks, width } = grams;
  const penalties = new Float64Array(width).fill(lambda / 2, 0, slopes);
  if (width > slopes) penalties[slopes] = lambdaIntercept / 2;
  const problem = { grams, graph, slopes, penalties };
  const anderson = createAnderson(memory);
  const rounds: Round[] = [];
  let smoothing = settings.smoothing;
  let weights: Float64Array = new Float64Array(graph.size * width);
  let metric = start ?? plainMetric(slopes);
  /** Where the next round starts: `metric`, or a guess that may turn out worse. */
  let guess = metric;
  while (rounds.length < settings.rounds) {
    const solved = solveGiven(problem, guess);
    if (solved.failed >= 0) {
      if (guess === metric) return { weights, metric, smoothing: smoothing ?? 0, rounds, failed: solved.failed };
      guess = metric;
      continue;
    }
    const scatter = scatterOf(graph, solved.weights, width, slopes);
    smoothing ??= smoothingOf(scatter, slopes);
    const found = metricOf(scatter, tasks, smoothing, share);
    const intercepts = width > slopes ? interceptPenalty(graph, solved.weights, width, slopes) * penalties[slopes]! : 0;
    const objective =
      lossOf(grams, solved.weights) + (lambda / 2) * penaltyOf(found, tasks, smoothing, share) + intercepts;
    if (guess !== metric && !(objective <= rounds.at(-1)!.objective)) {
      anderson.forget();
      guess = metric;
      continue;
    }
    weights = solved.weights;
    rounds.push({ objective, residual: residualGiven(problem, weights, found) });
    yield rounds.at(-1)!;
    if (rounds.at(-1)!.residual <= tolerance) {
      metric = found;
      break;
    }
    const next = anderson.next(rootOf(guess), rootOf(found));
    metric = found;
    guess = rounds.length === 1 ? found : metricOfRoot(next, tasks, smoothing, share);
  }
  return { weights, metric, smoothing: smoothing ?? 0, rounds, failed: -1 };
}

/** Runs all rounds at once. */
export function alternateToEnd(...args: Parameters<typeof alternate>): Alternation {
  const rounds = alternate(...args);
  for (;;) {
    const { done, value } = rounds.next();
    if (done) return value;
  }
}

/** ε, fixed before the first round so that all rounds have one objective; 1 where no weight differs from 0. */
function smoothingOf(scatter: Float64Array, slopes: number): number {
  const plain = metricOf(scatter, 1, 0, 1);
  return (relativeSmoothing * (plain.total / slopes)) ** 2 || 1;
}

function interceptPenalty(graph: PrecisionGraph, weights: Float64Array, width: number, slopes: number): number {
  const intercepts = new Float64Array(graph.size);
  for (let node = 0; node < graph.size; node++) intercepts[node] = weights[node * width + slopes]!;
  return scatterOf(graph, intercepts, 1, 1)[0]!;
}
