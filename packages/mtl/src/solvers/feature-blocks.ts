import type { SharedGrams } from "./gram-term.js";

/**
 * The quadratic Σ_t ‖X_t w_t − y_t‖² as block coordinate descent meets it: a block is a feature's weights in all tasks,
 * and weights, gradients and moments are [features, tasks].
 */
export interface FeatureBlocks {
  /** gradient of the features in `set` += 2 G_·j change: what a change of feature j does to them. */
  spread(set: Int32Array, j: number, change: Float64Array, gradient: Float64Array): void;
  /**
   * u = argmin of the quadratic in feature j, whose gradient at w_j is given, + strength ‖u‖₂ + ridge/2 ‖u‖², strength
   * above 0; writes u − w_j into `change`, u into w, and returns whether anything moved.
   */
  minimise(j: number, w: Float64Array, gradient: Float64Array, prices: Prices, change: Float64Array): boolean;
}

export interface Prices {
  readonly strength: number;
  readonly ridge: number;
}

/** More numbers than this are not copied to bring tasks' own Gram matrices side by side. */
const mostEntries = 3e7;

/** Null where tasks' own Gram matrices are too many numbers. */
export function featureBlocks(grams: SharedGrams, features: number): FeatureBlocks | null {
  if (grams.matrices.length === 1 && grams.share.every((share) => share === 1)) {
    return sharedBlocks(grams.matrices[0]!, features, grams.set.length);
  }
  return grams.set.length * features * features > mostEntries ? null : ownBlocks(grams, features);
}

/** All tasks have one Gram matrix: the curvature of a block is a number, and its minimum is closed. */
function sharedBlocks(gram: Float64Array, features: number, tasks: number): FeatureBlocks {
  return {
    spread(set, j, change, gradient) {
      for (let s = 0; s < set.length; s++) {
        const k = set[s]!;
        const factor = 2 * gram[j * features + k]!;
        const to = k * tasks;
        for (let t = 0; t < tasks; t++) gradient[to + t] = gradient[to + t]! + factor * change[t]!;
      }
    },
    minimise(j, w, gradient, { strength, ridge }, change) {
      const own = 2 * gram[j * features + j]!;
      if (!(own > 0)) return false;
      const from = j * tasks;
      let squares = 0;
      for (let t = 0; t < tasks; t++) {
        const pull = own * w[from + t]! - gradient[from + t]!;
        change[t] = pull;
        squares += pull * pull;
      }
      const norm = Math.sqrt(squares);
      const factor = norm > strength ? (1 - strength / norm) / (own + ridge) : 0;
      let moved = false;
      for (let t = 0; t < tasks; t++) {
        const value = factor * change[t]!;
        change[t] = value - w[from + t]!;
        w[from + t] = value;
        if (change[t] !== 0) moved = true;
      }
      return moved;
    },
  };
}

/**
 * Each task has its own curvature a_t: with pulls c_t, u_t = c_t ν / ((a_t + ridge) ν + strength) where ν = ‖u‖ solves a
 * secular equation (Qin, Scheinberg & Goldfarb, Efficient block-coordinate descent algorithms for the group lasso, 2013).
 */
function ownBlocks({ matrices, set: setOf, share }: SharedGrams, features: number): FeatureBlocks {
  const tasks = setOf.length;
  /** 2 G, [features, features, tasks]: a block's changes meet neighbours in memory. */
  const coupling = new Float64Array(features * features * tasks);
  for (let t = 0; t < tasks; t++) {
    const gram = matrices[setOf[t]!]!;
    const factor = 2 * share[t]!;
    for (let at = 0; at < gram.length; at++) coupling[at * tasks + t] = factor * gram[at]!;
  }
  return {
    spread(set, j, change, gradient) {
      for (let s = 0; s < set.length; s++) {
        const to = set[s]! * tasks;
        const from = (j * features + set[s]!) * tasks;
        for (let t = 0; t < tasks; t++) gradient[to + t] = gradient[to + t]! + coupling[from + t]! * change[t]!;
      }
    },
    minimise(j, w, gradient, { strength, ridge }, change) {
      const from = j * tasks;
      const own = (j * features + j) * tasks;
      let before = 0;
      let pulls = 0;
      for (let t = 0; t < tasks; t++) {
        const weight = w[from + t]!;
        // Where a task has nothing of the feature, its pull is rounding.
        const pull = coupling[own + t]! > 0 ? coupling[own + t]! * weight - gradient[from + t]! : 0;
        change[t] = pull;
        before += weight * weight;
        pulls += pull * pull;
      }
      let norm = 0;
      if (Math.sqrt(pulls) > strength) {
        norm = normOf(change, coupling, own, strength, ridge, Math.sqrt(before));
      }
      let moved = false;
      for (let t = 0; t < tasks; t++) {
        const value = norm === 0 ? 0 : (change[t]! * norm) / ((coupling[own + t]! + ridge) * norm + strength);
        change[t] = value - w[from + t]!;
        w[from + t] = value;
        if (change[t] !== 0) moved = true;
      }
      return moved;
    },
  };
}

/**
 * The ν > 0 with Σ (c_t / ((a_t + ridge) ν + strength))² = 1, where ‖c‖ > strength. 1/√Σ is concave and increasing in ν:
 * Newton's method on it comes from below, and never leaves again.
 */
function normOf(
  pulls: Float64Array,
  curvatures: Float64Array,
  first: number,
  strength: number,
  ridge: number,
  start: number,
): number {
  let norm = start;
  for (let round = 0; round < 60; round++) {
    let sum = 0;
    let slope = 0;
    for (let t = 0; t < pulls.length; t++) {
      const curvature = curvatures[first + t]! + ridge;
      const below = curvature * norm + strength;
      const part = pulls[t]! / below;
      sum += part * part;
      slope += (part * part * curvature) / below;
    }
    const root = Math.sqrt(sum);
    const next = Math.max(0, norm + (sum * (root - 1)) / slope);
    if (Math.abs(next - norm) <= 1e-15 * next || !Number.isFinite(next)) break;
    norm = next;
  }
  return norm;
}
