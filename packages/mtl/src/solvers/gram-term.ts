import { dot } from "../algebra/dot.js";
import { multiplyRows } from "../algebra/multiply-rows.js";
import { addOuterProducts } from "../algebra/outer-products.js";
import type { DataTerm } from "./data-term.js";
import type { Block, Problem } from "./problem.js";

/** Squared errors by their Gram matrices: tasks with the same inputs share one. */
export interface SharedGrams {
  /** XᵀSX of each different set of inputs, centred where intercepts are free, [sets][features, features]. */
  readonly matrices: readonly Float64Array[];
  /** The set of each task, and what multiplies its Gram matrix. */
  readonly set: Int32Array;
  readonly share: Float64Array;
  /** XᵀSy of each task, [tasks, features]. */
  readonly moments: Float64Array;
  /** yᵀSy of each task. */
  readonly squares: Float64Array;
  /** What was taken off: means of x, [sets][features], and of y, [tasks]; zeros if intercepts are not free. */
  readonly centres: readonly Float64Array[];
  readonly levels: Float64Array;
}

export function sharedGrams({ blocks, features }: Problem, free: boolean): SharedGrams {
  const count = blocks.length;
  const sets = new Map<number, number>();
  const matrices: Float64Array[] = [];
  const centres: Float64Array[] = [];
  const grams = {
    set: new Int32Array(count),
    share: Float64Array.from(blocks, ({ share }) => share),
    moments: new Float64Array(count * features),
    squares: new Float64Array(count),
    levels: new Float64Array(count),
  };
  for (const [t, block] of blocks.entries()) {
    let set = sets.get(block.twin);
    if (set === undefined) {
      set = matrices.length;
      sets.set(block.twin, set);
      const centre = free ? weightedMeans(block, features) : new Float64Array(features);
      centres.push(centre);
      matrices.push(gramOf(block, features, centre));
    }
    grams.set[t] = set;
    fillMoments(block, features, centres[set]!, free, t, grams);
  }
  return { ...grams, matrices, centres };
}

function weightedMeans({ x, weights, rows }: Block, features: number): Float64Array {
  const means = new Float64Array(features);
  let total = 0;
  for (let i = 0; i < rows; i++) {
    total += weights[i]!;
    // A running mean: exact where a feature is constant, and free of overflow.
    const step = weights[i]! / total;
    for (let j = 0; j < features; j++) means[j] = means[j]! + step * (x[i * features + j]! - means[j]!);
  }
  return means;
}

function gramOf({ x, weights, rows, share }: Block, features: number, centre: Float64Array): Float64Array {
  const gram = new Float64Array(features * features);
  const chunk = Math.min(rows, 256);
  const centred = new Float64Array(chunk * features);
  for (let first = 0; first < rows; first += chunk) {
    const end = Math.min(rows, first + chunk);
    for (let i = first; i < end; i++) {
      for (let j = 0; j < features; j++) centred[(i - first) * features + j] = x[i * features + j]! - centre[j]!;
    }
    addOuterProducts(centred, weights.subarray(first, end), 0, end - first, features, gram);
  }
  for (let i = 0; i < features; i++) {
    for (let j = 0; j <= i; j++) {
      const value = gram[i * features + j]! / share;
      gram[i * features + j] = value;
      gram[j * features + i] = value;
    }
  }
  return gram;
}

function fillMoments(
  { x, y, weights, rows }: Block,
  features: number,
  centre: Float64Array,
  free: boolean,
  t: number,
  { moments, squares, levels }: Pick<SharedGrams, "moments" | "squares" | "levels">,
): void {
  let total = 0;
  if (free) {
    for (let i = 0; i < rows; i++) {
      total += weights[i]!;
      levels[t]! += (weights[i]! / total) * (y[i]! - levels[t]!);
    }
  }
  let rest = 0;
  const to = t * features;
  for (let i = 0; i < rows; i++) {
    const target = y[i]! - levels[t]!;
    const scaled = weights[i]! * target;
    squares[t]! += scaled * target;
    rest += scaled;
    for (let j = 0; j < features; j++) moments[to + j] = moments[to + j]! + scaled * x[i * features + j]!;
  }
  for (let j = 0; j < features; j++) moments[to + j] = moments[to + j]! - rest * centre[j]!;
}

/** F for squared losses, free intercepts eliminated by centring: an evaluation costs d² a task, whatever its rows. */
export function createGramTerm(problem: Problem, free: boolean): DataTerm & { readonly grams: SharedGrams } {
  const { features, blocks } = problem;
  const grams = sharedGrams(problem, free);
  const { matrices, set, share, moments, squares, centres, levels } = grams;
  const size = blocks.length * features;
  const intercepts = new Float64Array(blocks.length);
  const image = new Float64Array(features);
  /** Σ S r² and Σ S r y of the last residuals r. */
  let errors = 0;
  let alignment = 0;

  function evaluate(w: Float64Array, gradient: Float64Array): number {
    errors = 0;
    alignment = 0;
    for (let t = 0; t < blocks.length; t++) {
      const at = t * features;
      multiplyRows(matrices[set[t]!]!, 0, features, features, w, at, image, 0);
      let error = squares[t]!;
      let towards = 0;
      for (let j = 0; j < features; j++) {
        const product = share[t]! * image[j]!;
        gradient[at + j] = 2 * (product - moments[at + j]!);
        error += w[at + j]! * (product - 2 * moments[at + j]!);
        towards += w[at + j]! * moments[at + j]!;
      }
      errors += Math.max(0, error);
      alignment += towards - squares[t]!;
      if (free) intercepts[t] = levels[t]! - dot(centres[set[t]!]!, 0, w, at, features);
    }
    return errors;
  }

  return {
    size,
    quadratic: true,
    grams,
    evaluate,
    // −Σ S ℓ*(2 c r, y) = −c² Σ S r² − 2 c Σ S r y
    dual: (scale) => -scale * (scale * errors + 2 * alignment),
    intercepts,
    curve(v, out) {
      for (let t = 0; t < blocks.length; t++) {
        multiplyRows(matrices[set[t]!]!, 0, features, features, v, t * features, out, t * features);
        for (let i = t * features; i < (t + 1) * features; i++) out[i] = 2 * share[t]! * out[i]!;
      }
    },
    diagonal(out) {
      for (let i = 0; i < size; i++) {
        const t = Math.floor(i / features);
        const j = i % features;
        out[i] = 2 * share[t]! * matrices[set[t]!]![j * features + j]!;
      }
    },
  };
}
