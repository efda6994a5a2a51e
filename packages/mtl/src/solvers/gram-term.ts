import { matmul, type Tensor, tensor, transpose } from "@kinship/tensor";
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
    const rows = centredRows(block, centre);
    const targets = weightedTargets(tasks.map((t) => blocks[t]!), tasks.map((t) => grams.levels[t]!)); // biome-ignore format: one line
    const matrix = gramOf(rows, block, features);
    const products = momentsOf(rows, targets, tasks.length, features);
    for (const [k, t] of tasks.entries()) {
      for (let i = 0; i < features; i++) {
        grams.moments[t * features + i] = grams.share[t]! * products[k * features + i]!;
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

/** Below so many products a call of the product kernel costs more than it saves. */
const smallWork = 2 ** 20;

/** X − 1 centreᵀ; X itself where there is nothing to take off. */
function centredRows({ x, rows }: Block, centre: Float64Array): Float64Array {
  if (centre.every((value) => value === 0)) return x;
  const features = centre.length;
  const centred = new Float64Array(rows * features);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < features; j++) centred[i * features + j] = x[i * features + j]! - centre[j]!;
  }
  return centred;
}

/** S (y − level) of each task, [tasks, rows], S the weights of the first. */
function weightedTargets(tasks: readonly Block[], levels: readonly number[]): Float64Array {
  const { weights, rows } = tasks[0]!;
  const targets = new Float64Array(tasks.length * rows);
  for (const [k, { y }] of tasks.entries()) {
    for (let i = 0; i < rows; i++) targets[k * rows + i] = weights[i]! * (y[i]! - levels[k]!);
  }
  return targets;
}

/** XᵀSX */
function gramOf(x: Float64Array, { weights, rows }: Block, features: number): Float64Array {
  const matrix = new Float64Array(features * features);
  if (rows * features * features < smallWork) {
    addOuterProducts(x, weights, 0, rows, features, matrix);
  } else {
    let weighted = x;
    if (weights.some((weight) => weight !== 1)) {
      weighted = x.slice();
      for (let i = 0; i < rows; i++) {
        for (let j = i * features; j < (i + 1) * features; j++) weighted[j] = weights[i]! * weighted[j]!;
      }
    }
    const [left, right] = [x, weighted].map((data) => tensor(data, { shape: [rows, features] })) as [Tensor, Tensor];
    matrix.set(matmul(transpose(left), right).toTypedArray());
  }
  for (let i = 0; i < features; i++) {
    for (let j = 0; j < i; j++) matrix[j * features + i] = matrix[i * features + j]!;
  }
  return matrix;
}

/** Yᵀ X of weighted targets, [tasks, features]. */
function momentsOf(x: Float64Array, targets: Float64Array, tasks: number, features: number): Float64Array {
  const rows = targets.length / tasks;
  if (rows * features * tasks >= smallWork) {
    const left = tensor(targets, { shape: [tasks, rows] });
    return matmul(left, tensor(x, { shape: [rows, features] })).toTypedArray() as Float64Array;
  }
  const products = new Float64Array(tasks * features);
  for (let k = 0; k < tasks; k++) {
    const to = k * features;
    for (let i = 0; i < rows; i++) {
      const factor = targets[k * rows + i]!;
      for (let j = 0; j < features; j++) products[to + j] = products[to + j]! + factor * x[i * features + j]!;
    }
  }
  return products;
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
    }
    settle(w);
    return errors;
  }

  function settle(w: Float64Array): void {
    if (!free) return;
    for (let t = 0; t < blocks.length; t++) {
      intercepts[t] = levels[t]! - dot(centres[set[t]!]!, 0, w, t * features, features);
    }
  }

  return {
    size,
    quadratic: true,
    grams,
    evaluate,
    settle,
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
