import { multiplyRows } from "../../algebra/multiply-rows.js";
import { multiplyPrecision } from "../precision.js";
import type { GivenProblem } from "./given.js";
import {
  coordinatesOf,
  type Metric,
  mapSlopes,
  metricOf,
  penaltyOf,
  plainMetric,
  scatterOf,
  transposeBlocks,
} from "./metric.js";

/** Weights, the relations that are best for them, and how far both are from the minimum. */
export interface Point {
  /** [nodes, width] */
  readonly weights: Float64Array;
  readonly metric: Metric;
  readonly objective: number;
  /** ∇L/2, [nodes, width]. */
  readonly gradient: Float64Array;
  /**
   * The size of ∇L over that of the terms it sums, in the 1-norm and the coordinates in which M is the identity: the
   * backward error of the weights' system there (see `residualOf`).
   */
  readonly residual: number;
}

/** Before anything is learned: W = 0, and M = I. */
export function nullPoint({ grams, graph, slopes }: GivenProblem): Point {
  const gradient = new Float64Array(graph.size * grams.width);
  for (let i = 0; i < grams.moments.length; i++) gradient[i] = -grams.moments[i]!;
  return {
    weights: new Float64Array(gradient.length),
    metric: plainMetric(slopes),
    objective: Number.POSITIVE_INFINITY,
    gradient,
    residual: 1,
  };
}

export function pointAt(
  { grams, graph, slopes, penalties }: GivenProblem,
  weights: Float64Array,
  smoothing: number,
  share: number,
): Point {
  const { tasks, width, matrices, moments, squares } = grams;
  const pulled = multiplyPrecision(graph, weights, width, width);
  const metric = metricOf(scatterOf(graph, weights, width, slopes), tasks, smoothing, share);
  const { outward, inward } = coordinatesOf(metric);
  const back = transposeBlocks(outward, 1, slopes);
  const fitted = new Float64Array(moments.length);
  for (let task = 0; task < tasks; task++) {
    multiplyRows(matrices, task * width * width, width, width, weights, task * width, fitted, task * width);
  }
  let objective = penalties[0]! * penaltyOf(metric, tasks, smoothing, share);
  for (let task = 0; task < tasks; task++) {
    let errors = squares[task]!;
    for (let i = task * width; i < (task + 1) * width; i++) errors += weights[i]! * (fitted[i]! - 2 * moments[i]!);
    objective += Math.max(0, errors);
  }
  if (width > slopes) {
    for (let at = slopes; at < weights.length; at += width)
      objective += penalties[slopes]! * weights[at]! * pulled[at]!;
  }
  const mappedPull = mapSlopes(inward, slopes, pulled, width);
  const mappedFit = mapSlopes(back, slopes, fitted, width);
  const mappedWant = mapSlopes(back, slopes, moments, width);
  // Apart, since the units of features set how large slopes' gradients are beside those of intercepts.
  const [slopesLeft, interceptsLeft] = [sizes(), sizes()];
  for (let i = 0; i < mappedPull.length; i++) {
    const pull = penalties[i % width]! * mappedPull[i]!;
    const [fit, want] = [mappedFit[i] ?? 0, mappedWant[i] ?? 0];
    mappedPull[i] = fit + pull - want;
    const sum = i % width < slopes ? slopesLeft : interceptsLeft;
    sum.left += Math.abs(mappedPull[i]!);
    sum.terms += Math.abs(fit) + Math.abs(pull) + Math.abs(want);
  }
  const gradient = mapSlopes(transposeBlocks(inward, 1, slopes), slopes, mappedPull, width);
  return { weights, metric, objective, gradient, residual: Math.max(shareOf(slopesLeft), shareOf(interceptsLeft)) };
}

const sizes = () => ({ left: 0, terms: 0 });
const shareOf = ({ left, terms }: ReturnType<typeof sizes>): number => (left === 0 ? 0 : left / terms);
