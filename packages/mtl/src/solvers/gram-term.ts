import { matmul, tensor, transpose } from "@kinship/tensor";
import { dot } from "../algebra/dot.js";
import { multiplyRows } from "../algebra/multiply-rows.js";
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
  const members = new Map<number, number[]>();
  for (const [t, { twin }] of blocks.entries()) members.set(twin, [...(members.get(twin) ?? []), t]);
  const grams = {
    set: new Int32Array(count),
    share: Float64Array.from(blocks, ({ share }) => share),
    moments: new Float64Array(count * features),
    squares: new Float64Array(count),
    levels: new Float64Array(count),
    matrices: [] as Float64Array[],
    centres: [] as Float64Array[],
  };
  for (const [twin, tasks] of members) {
    const block = blocks[twin]!;
    const centre = free ? weightedMeans(block, features) : new Float64Array(features);
    for (const t of tasks) {
      grams.set[t] = grams.matrices.length;
      if (free) grams.levels[t] = weightedMean(blocks[t]!);
    }
    const product = productOf(block, tasks.map((t) => blocks[t]!), centre, tasks.map((t) => grams.levels[t]!)); // biome-ignore format: one line
    const wide = features + tasks.length;
    const matrix = new Float64Array(features * features);
    for (let i = 0; i < features; i++) {
      for (let j = 0; j <= i; j++) matrix[i * features + j] = matrix[j * features + i] = product[i * wide + j]!;
      for (const [k, t] of tasks.entries()) {
        grams.moments[t * features + i] = grams.share[t]! * product[i * wide + features + k]!;
      }
    }
    for (const t of tasks) grams.squares[t] = squareOf(blocks[t]!, grams.levels[t]!);
    grams.matrices.push(matrix);
    grams.centres.push(centre);
  }
  return grams;
}

/** Running means: exact where values are constant, and free of overflow. */
function weightedMeans({ x, weights, rows }: Block, features: number): Float64Array {
  const means = new Float64Array(features);
  let total = 0;
  for (let i = 0; i < rows; i++) {
    total += weights[i]!;
    const step = weights[i]! / total;
    for (let j = 0; j < features; j++) means[j] = means[j]! + step * (x[i * features + j]! - means[j]!);
  }
  return means;
}

function weightedMean({ y, weights }: Block): number {
  let mean = 0;
  let total = 0;
  for (let i = 0; i < y.length; i++) {
    total += weights[i]!;
    mean += (weights[i]! / total) * (y[i]! - mean);
  }
  return mean;
}

function squareOf({ y, weights }: Block, level: number): number {
  let total = 0;
  for (let i = 0; i < y.length; i++) total += weights[i]! * (y[i]! - level) ** 2;
  return total;
}

/** Xᵀ S [X, Y], all centred: [features, features + tasks], in one product. */
function productOf(
  { x, weights, rows }: Block,
  tasks: readonly Block[],
  centre: Float64Array,
  levels: readonly number[],
): Float64Array {
  const features = centre.length;
  const wide = features + tasks.length;
  const left = new Float64Array(rows * features);
  const right = new Float64Array(rows * wide);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < features; j++) {
      const value = x[i * features + j]! - centre[j]!;
      right[i * wide + j] = value;
      left[i * features + j] = weights[i]! * value;
    }
    for (let k = 0; k < levels.length; k++) right[i * wide + features + k] = tasks[k]!.y[i]! - levels[k]!;
  }
  const [a, b] = [tensor(left, { shape: [rows, features] }), tensor(right, { shape: [rows, wide] })];
  return matmul(transpose(a), b).toTypedArray() as Float64Array;
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
