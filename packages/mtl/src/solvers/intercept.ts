import { choleskyInPlace, solveCholesky } from "../algebra/cholesky.js";
import type { Block } from "./problem.js";

/**
 * Moves b, at `at`, to the minimum of Σ weights ℓ(scores + b, y) + (ridge/2) ‖b‖², to rounding, from where it is.
 * One output: Newton's method kept in a bracket of the sign change. Several: damped Newton on the classes, the
 * direction that shifts all of them alike left alone.
 */
export function minimiseIntercept(
  block: Block,
  scores: Float64Array,
  ridge: number,
  b: Float64Array,
  at: number,
): void {
  if (block.loss.outputs === 1) minimiseOne(block, scores, ridge, b, at);
  else minimiseSeveral(block, scores, ridge, b, at);
}

function minimiseOne({ loss, y, weights }: Block, scores: Float64Array, ridge: number, b: Float64Array, at: number) {
  const score = new Float64Array(1);
  const part = new Float64Array(1);
  const unit = Float64Array.of(1);
  let [low, high] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  let point = b[at]!;
  let reach = 1;
  for (let round = 0; round < 200; round++) {
    let slope = ridge * point;
    let size = Math.abs(slope);
    let curvature = ridge;
    for (let i = 0; i < y.length; i++) {
      score[0] = scores[i]! + point;
      loss.gradient(score, 0, y[i]!, part);
      slope += weights[i]! * part[0]!;
      size += weights[i]! * Math.abs(part[0]!);
      loss.curve(score, 0, y[i]!, unit, part);
      curvature += weights[i]! * part[0]!;
    }
    if (Math.abs(slope) <= 4e-16 * size) break;
    if (slope > 0) high = point;
    else low = point;
    let next = point - slope / curvature;
    if (!(next > low && next < high)) {
      if (low === Number.NEGATIVE_INFINITY) next = high - reach;
      else if (high === Number.POSITIVE_INFINITY) next = low + reach;
      else next = low + (high - low) / 2;
      reach *= 2;
    }
    if (next === point || !Number.isFinite(next)) break;
    point = next;
  }
  b[at] = point;
}

function minimiseSeveral(
  { loss, y, weights }: Block,
  scores: Float64Array,
  ridge: number,
  b: Float64Array,
  at: number,
) {
  const count = loss.outputs;
  const point = b.slice(at, at + count);
  const shifted = new Float64Array(count);
  const column = new Float64Array(count);
  const direction = new Float64Array(count);
  const gradient = new Float64Array(count);
  const hessian = new Float64Array(count * count);
  let total = 0;
  for (const weight of weights) total += weight;

  const valueAt = (candidate: Float64Array): number => {
    let value = 0;
    for (let i = 0; i < y.length; i++) {
      for (let c = 0; c < count; c++) shifted[c] = scores[i * count + c]! + candidate[c]!;
      value += weights[i]! * loss.value(shifted, 0, y[i]!);
    }
    for (const entry of candidate) value += (ridge / 2) * entry * entry;
    return value;
  };

  let value = valueAt(point);
  for (let round = 0; round < 60; round++) {
    for (let c = 0; c < count; c++) gradient[c] = ridge * point[c]!;
    hessian.fill(total / count);
    for (let c = 0; c < count; c++) hessian[c * count + c]! += ridge + 1e-14 * total;
    for (let i = 0; i < y.length; i++) {
      for (let c = 0; c < count; c++) shifted[c] = scores[i * count + c]! + point[c]!;
      loss.gradient(shifted, 0, y[i]!, column);
      for (let c = 0; c < count; c++) gradient[c]! += weights[i]! * column[c]!;
      for (let c = 0; c < count; c++) {
        direction.fill(0);
        direction[c] = 1;
        loss.curve(shifted, 0, y[i]!, direction, column);
        for (let k = 0; k < count; k++) hessian[c * count + k]! += weights[i]! * column[k]!;
      }
    }
    const steepness = gradient.reduce((sum, entry) => sum + Math.abs(entry), 0);
    if (steepness <= 1e-15 * total || choleskyInPlace(hessian, count) >= 0) break;
    direction.set(gradient);
    solveCholesky(hessian, count, direction);
    let decrease = 0;
    for (let c = 0; c < count; c++) decrease += gradient[c]! * direction[c]!;
    let step = 1;
    let next = point.map((entry, c) => entry - direction[c]!);
    let nextValue = valueAt(next);
    // Near the minimum differences of values are rounding: whole steps are then safe.
    const slack = 1e-13 * Math.abs(value);
    while (!(nextValue <= value - 1e-4 * step * decrease + slack) && step > 1e-10) {
      step /= 2;
      next = point.map((entry, c) => entry - step * direction[c]!);
      nextValue = valueAt(next);
    }
    const still = next.every((entry, c) => entry === point[c]);
    point.set(next);
    value = nextValue;
    if (still) break;
  }
  b.set(point, at);
}
