import { chooseSolver } from "../../linear/choose-solver.js";
import type { Grams } from "../../linear/grams.js";
import { refine } from "../../linear/refine.js";
import { createSystem, lossOf, residualOf } from "../../linear/system.js";
import type { PrecisionGraph } from "../kinship.js";
import {
  coordinatesOf,
  type Metric,
  mapGrams,
  mapSlopes,
  metricOf,
  penaltyOf,
  plainMetric,
  scatterOf,
} from "./metric.js";

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

/**
 * Fits the tasks given M, then M given the tasks, and again, until the gradient is at most `tolerance` of its terms:
 * each half minimises one convex objective exactly, so that it never rises (Argyriou, Evgeniou & Pontil, Convex
 * multi-task feature learning, 2008, algorithm 1). A generator, so that a caller may rest or stop between rounds.
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
  let metric = start ?? plainMetric(slopes);
  let smoothing = settings.smoothing;
  let coordinates = coordinatesOf(metric);
  let mapped = mapGrams(grams, coordinates);
  const rounds: Round[] = [];
  let weights: Float64Array = new Float64Array(graph.size * width);
  const right = new Float64Array(weights.length);
  while (rounds.length < settings.rounds) {
    const solver = chooseSolver(mapped, graph, slopes);
    const failed = solver.factor(lambda / 2, lambdaIntercept / 2);
    if (failed >= 0) return { weights, metric, smoothing: smoothing ?? 0, rounds, failed };
    const solved = refine(createSystem(mapped, graph, penalties), solver).weights;
    weights = mapSlopes(coordinates.outward, slopes, solved, width);
    const scatter = scatterOf(graph, weights, width, slopes);
    smoothing ??= smoothingOf(scatter, slopes);
    metric = metricOf(scatter, tasks, smoothing, share);
    coordinates = coordinatesOf(metric);
    mapped = mapGrams(grams, coordinates);
    right.fill(0);
    const system = createSystem(mapped, graph, penalties);
    const residual = residualOf(system, mapSlopes(coordinates.inward, slopes, weights, width), right);
    const intercepts = width > slopes ? interceptPenalty(graph, weights, width, slopes) * penalties[slopes]! : 0;
    const objective = lossOf(grams, weights) + (lambda / 2) * penaltyOf(metric, tasks, smoothing, share) + intercepts;
    rounds.push({ objective, residual });
    yield rounds.at(-1)!;
    if (residual <= tolerance) break;
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
