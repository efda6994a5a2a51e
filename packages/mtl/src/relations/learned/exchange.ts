import { dot } from "../../algebra/dot.js";
import type { Grams } from "../../linear/grams.js";
import type { PrecisionGraph } from "../kinship.js";
import { type Curvature, curvatureAt } from "./curvature.js";
import { createGivenSolver, type GivenSolver } from "./given.js";
import { type Metric, metricOf, scatterOf } from "./metric.js";
import { nullPoint, type Point, pointAt } from "./point.js";

export interface ExchangeProblem {
  readonly grams: Grams;
  /** The prior K₀. */
  readonly graph: PrecisionGraph;
  readonly slopes: number;
}

export interface ExchangeSettings {
  readonly lambda: number;
  readonly lambdaIntercept: number;
  /** ρ: how much of the penalty stays with K₀. */
  readonly share: number;
  /** ε; found from the plain K-norm's weights if null. */
  readonly smoothing: number | null;
  readonly tolerance: number;
  readonly rounds: number;
}

/** One exchange: tasks were fitted in view of how the relations answer, and the relations estimated anew. */
export interface Round {
  readonly objective: number;
  /** ‖∇L‖ over the norm of its terms, at the new weights and the new relations. */
  readonly residual: number;
}

/** Where another exchange may begin, at another λ say. */
export interface ExchangeState {
  /** [nodes, width] */
  readonly weights: Float64Array;
  /** See `curvatureAt`. */
  readonly dual: Float64Array;
}

export interface Exchange extends ExchangeState {
  readonly metric: Metric;
  readonly smoothing: number;
  readonly rounds: readonly Round[];
  /** The node at which the system was singular, or −1. */
  readonly failed: number;
}

/** Singular values below this part of their mean are smoothed away. */
const relativeSmoothing = 1e-3;

/** Newton's systems are solved to this part of their right-hand side: closer, rounds cost more than they save. */
const forcing = 0.5;
const mostSteps = 500;

/**
 * Rounds in which tasks are fitted and M estimated anew, until the gradient is at most `tolerance` of its terms. To fit
 * with M held and then M alone is Argyriou, Evgeniou & Pontil's alternation (Convex multi-task feature learning, 2008,
 * algorithm 1), which needs hundreds of rounds where singular values should grow from, or fall to, next to nothing.
 * Here the step also knows how M will answer (`curvatureAt`): Newton's, by conjugate gradients preconditioned by the
 * system with M held, halved until the objective falls. The first round from nothing is the plain K-norm.
 * Generators, so that a caller may rest or stop between rounds.
 */
export function createExchange({ grams, graph, slopes }: ExchangeProblem) {
  const { tasks, width } = grams;
  const penalties = new Float64Array(width);
  const problem = { grams, graph, slopes, penalties };
  const solver = createGivenSolver(problem);

  return function* exchange(
    settings: ExchangeSettings,
    start: ExchangeState | null = null,
  ): Generator<Round, Exchange, void> {
    const { lambda, lambdaIntercept, share, tolerance } = settings;
    penalties.fill(lambda / 2, 0, slopes);
    if (width > slopes) penalties[slopes] = lambdaIntercept / 2;
    const rounds: Round[] = [];
    let smoothing = settings.smoothing;
    const at = (weights: Float64Array): Point => {
      smoothing ??= smoothingOf(scatterOf(graph, weights, width, slopes), slopes);
      return pointAt(problem, weights, smoothing, share);
    };
    let now = start === null ? nullPoint(problem) : at(start.weights);
    let dual = start?.dual ?? new Float64Array(graph.size * slopes);
    const ended = (failed: number): Exchange => {
      const { weights, metric } = now;
      return { weights, dual, metric, smoothing: smoothing ?? 0, rounds, failed };
    };
    while (rounds.length < settings.rounds) {
      const failed = solver.factor(now.metric);
      if (failed >= 0) return ended(failed);
      const curvature = curvatureAt(graph, now, dual, { slopes, tasks, share });
      const step = newtonStep(penalties[0]!, solver, curvature, now.gradient);
      const descent = 2 * dot(step, 0, now.gradient, 0, step.length);
      const slack = 1e-13 * Math.abs(now.objective);
      let length = 1;
      let next = at(moved(now.weights, step, length));
      while (!(next.objective <= now.objective + 1e-4 * length * descent + slack) && length > 1e-9) {
        length /= 2;
        next = at(moved(now.weights, step, length));
      }
      // Rounding: neither falls any more.
      if (!(next.objective < now.objective || next.residual < now.residual)) break;
      dual = mixed(dual, curvature.dualAfter(step), length);
      now = next;
      rounds.push({ objective: now.objective, residual: now.residual });
      yield rounds.at(-1)!;
      if (now.residual <= tolerance) break;
    }
    return ended(-1);
  };
}

/** Runs all rounds at once. */
export function toEnd(rounds: Generator<Round, Exchange, void>): Exchange {
  for (;;) {
    const { done, value } = rounds.next();
    if (done) return value;
  }
}

/**
 * p with H p = −gradient, roughly. H = B + what the relations answer, B the system with M held, by which residuals are
 * solved: so B of a direction is a sum of residuals, and needs no product.
 */
function newtonStep(penalty: number, solver: GivenSolver, curvature: Curvature, gradient: Float64Array): Float64Array {
  const size = gradient.length;
  const step = new Float64Array(size);
  const left = gradient.map((value) => -value);
  const image = new Float64Array(size);
  const scaled = new Float64Array(size);
  solver.solve(left, scaled);
  const direction = scaled.slice();
  const held = left.slice();
  let weight = dot(left, 0, scaled, 0, size);
  const goal = forcing * forcing * weight;
  for (let iteration = 0; iteration < mostSteps && weight > goal; iteration++) {
    image.set(held);
    curvature.addAnswer(direction, penalty, image);
    const bend = dot(direction, 0, image, 0, size);
    if (!(bend > 0)) break;
    const length = weight / bend;
    for (let i = 0; i < size; i++) {
      step[i] = step[i]! + length * direction[i]!;
      left[i] = left[i]! - length * image[i]!;
    }
    solver.solve(left, scaled);
    const next = dot(left, 0, scaled, 0, size);
    const momentum = next / weight;
    weight = next;
    for (let i = 0; i < size; i++) {
      direction[i] = scaled[i]! + momentum * direction[i]!;
      held[i] = left[i]! + momentum * held[i]!;
    }
  }
  return step;
}

const moved = (weights: Float64Array, step: Float64Array, length: number): Float64Array =>
  weights.map((value, i) => value + length * step[i]!);

const mixed = (from: Float64Array, to: Float64Array, share: number): Float64Array =>
  from.map((value, i) => value + share * (to[i]! - value));

/** ε, fixed before the first round so that all rounds have one objective; 1 where no weight differs from 0. */
function smoothingOf(scatter: Float64Array, slopes: number): number {
  const plain = metricOf(scatter, 1, 0, 1);
  return (relativeSmoothing * (plain.total / slopes)) ** 2 || 1;
}
