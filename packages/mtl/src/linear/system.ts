import { multiplyRows } from "../algebra/multiply-rows.js";
import type { PrecisionGraph } from "../relations/kinship.js";
import type { Grams } from "./grams.js";

/**
 * The normal equations (blockdiag(G) + P ⊗ D) w = g over all nodes: half the objective's Hessian.
 * D is diagonal, λ/2 for slopes and λ_b/2 for the intercept.
 */
export interface System {
  readonly grams: Grams;
  readonly graph: PrecisionGraph;
  /** D, [width] */
  readonly penalties: Float64Array;
  /** P's row sums: a Laplacian's own part. Differences w_i − w_j are then taken before λ multiplies them. */
  readonly own: Float64Array;
}

export function createSystem(grams: Grams, graph: PrecisionGraph, penalties: Float64Array): System {
  const own = graph.diagonal.slice();
  for (let edge = 0; edge < graph.value.length; edge++) {
    own[graph.from[edge]!]! += graph.value[edge]!;
    own[graph.to[edge]!]! += graph.value[edge]!;
  }
  return { grams, graph, penalties, own };
}

/**
 * Writes (blockdiag(G) + P ⊗ D) w into `out`, and returns the sum of the sizes of its terms, by which rounding in
 * `out` is measured (sizes, not squares: those of 1e-200 would vanish).
 */
export function applySystem({ grams, graph, penalties, own }: System, w: Float64Array, out: Float64Array): number {
  const { tasks, width, matrices } = grams;
  const { from, to, value, size } = graph;
  let terms = 0;
  for (let node = 0; node < size; node++) {
    const at = node * width;
    if (node < tasks) multiplyRows(matrices, at * width, width, width, w, at, out, at);
    else out.fill(0, at, at + width);
    for (let i = at; i < at + width; i++) {
      const pull = penalties[i - at]! * own[node]! * w[i]!;
      terms += Math.abs(out[i]!) + Math.abs(pull);
      out[i] = out[i]! + pull;
    }
  }
  for (let edge = 0; edge < value.length; edge++) {
    const a = from[edge]! * width;
    const b = to[edge]! * width;
    for (let i = 0; i < width; i++) {
      const strength = penalties[i]! * value[edge]!;
      const force = strength * (w[b + i]! - w[a + i]!);
      out[a + i] = out[a + i]! + force;
      out[b + i] = out[b + i]! - force;
      terms += 2 * Math.abs(strength) * (Math.abs(w[a + i]!) + Math.abs(w[b + i]!));
    }
  }
  return terms;
}

/** Writes g − H w into `out`; returns its size over that of its terms (Rigal & Gaches' backward error, in the 1-norm). */
export function residualOf(system: System, w: Float64Array, out: Float64Array): number {
  const terms = applySystem(system, w, out);
  const { moments } = system.grams;
  let left = 0;
  let data = 0;
  for (let i = 0; i < out.length; i++) {
    const moment = moments[i] ?? 0;
    out[i] = moment - out[i]!;
    left += Math.abs(out[i]!);
    data += Math.abs(moment);
  }
  return left === 0 ? 0 : left / (data + terms);
}

/** Σ_t α_t ‖X_t w_t − y_t‖², from the Gram matrices; `w` begins with the tasks. */
export function lossOf({ tasks, width, matrices, moments, squares }: Grams, w: Float64Array): number {
  let total = 0;
  for (let task = 0; task < tasks; task++) {
    let errors = squares[task]!;
    for (let i = 0; i < width; i++) {
      const at = task * width + i;
      let product = 0;
      for (let j = 0; j < width; j++) product += matrices[at * width + j]! * w[task * width + j]!;
      errors += w[at]! * (product - 2 * moments[at]!);
    }
    total += Math.max(0, errors);
  }
  return total;
}

/** Σ_t α_t ‖X_t w_t − y_t‖² + Σ D_k P_ij w_ik w_jk: the objective, its latent nodes at their given values. */
export function objectiveOf({ grams, graph, penalties, own }: System, w: Float64Array): number {
  const { width } = grams;
  let total = lossOf(grams, w);
  for (let node = 0; node < graph.size; node++) {
    for (let i = 0; i < width; i++) total += penalties[i]! * own[node]! * w[node * width + i]! ** 2;
  }
  for (let edge = 0; edge < graph.value.length; edge++) {
    const a = graph.from[edge]! * width;
    const b = graph.to[edge]! * width;
    for (let i = 0; i < width; i++) total -= penalties[i]! * graph.value[edge]! * (w[a + i]! - w[b + i]!) ** 2;
  }
  return total;
}
