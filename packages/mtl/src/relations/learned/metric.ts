import { matmul, tensor } from "@kinship/tensor";
import { multiplyRows } from "../../algebra/multiply-rows.js";
import { type Eigen, symmetricEigen } from "../../balance/solvers/pseudo-inverse.js";
import type { Grams } from "../../linear/grams.js";
import type { PrecisionGraph } from "../kinship.js";
import type { GivenProblem } from "./solve-given.js";

/**
 * How weights are measured while relations are learned: the penalty of W is (λ/2) tr(M W K₀ Wᵀ), with
 * M = (1 − ρ) D⁻¹ + ρ I and D the learned covariance of the features, of trace T.
 */
export interface Metric {
  /** Singular values of [W K₀^½, √ε I], ascending: σ = √(s² + ε). */
  readonly singular: Float64Array;
  /** Their directions U, columns of a row-major [slopes, slopes]. */
  readonly directions: Float64Array;
  /** Σ σ. */
  readonly total: number;
  /** The eigenvalues of M. */
  readonly stiffness: Float64Array;
}

/** Before anything is learned: M = I. */
export function plainMetric(slopes: number): Metric {
  const directions = new Float64Array(slopes * slopes);
  for (let i = 0; i < slopes; i++) directions[i * slopes + i] = 1;
  const ones = new Float64Array(slopes).fill(1);
  return { singular: ones, directions, total: slopes, stiffness: ones };
}

/** The M that is best for weights with W K₀ Wᵀ = `scatter`: D = (scatter + εI)^½ T / tr. */
export function metricOf(scatter: Float64Array, tasks: number, smoothing: number, share: number): Metric {
  const { values, vectors } = eigenOf(scatter);
  const singular = values.map((value) => Math.sqrt(Math.max(0, value) + smoothing));
  return metricFrom(singular, vectors, tasks, share);
}

function metricFrom(singular: Float64Array, directions: Float64Array, tasks: number, share: number): Metric {
  const total = singular.reduce((sum, value) => sum + value, 0);
  const stiffness = singular.map((value) => ((1 - share) * total) / (tasks * value) + share);
  return { singular, directions, total, stiffness };
}

function eigenOf(scatter: Float64Array): Eigen {
  return scatter.length === 1 ? { values: scatter, vectors: Float64Array.of(1) } : symmetricEigen(scatter);
}

/** (W K₀ Wᵀ + εI)^½, [slopes, slopes]. */
export function rootOf({ singular, directions }: Metric): Float64Array {
  const slopes = singular.length;
  const out = new Float64Array(slopes * slopes);
  for (let k = 0; k < slopes; k++) {
    for (let i = 0; i < slopes; i++) {
      const left = singular[k]! * directions[i * slopes + k]!;
      for (let j = 0; j < slopes; j++) out[i * slopes + j] = out[i * slopes + j]! + left * directions[j * slopes + k]!;
    }
  }
  return out;
}

/** The metric of any symmetric matrix in the place of `rootOf`, its eigenvalues not below √ε. */
export function metricOfRoot(root: Float64Array, tasks: number, smoothing: number, share: number): Metric {
  const { values, vectors } = eigenOf(root);
  const least = Math.sqrt(smoothing);
  return metricFrom(
    values.map((value) => Math.max(least, value)),
    vectors,
    tasks,
    share,
  );
}

/** Σ_k λ-free penalty at its best M: (1 − ρ) (Σ σ)² / T + ρ tr(scatter). */
export function penaltyOf({ singular, total }: Metric, tasks: number, smoothing: number, share: number): number {
  const trace = singular.reduce((sum, value) => sum + (value * value - smoothing), 0);
  return ((1 - share) * total * total) / tasks + share * trace;
}

/** Coordinates v with w = F v, F = U diag(stiffness^−½), in which M is the identity; an intercept stays as it is. */
export interface Coordinates {
  readonly slopes: number;
  /** F, [slopes, slopes]. */
  readonly outward: Float64Array;
  /** F⁻¹ = diag(stiffness^½) Uᵀ. */
  readonly inward: Float64Array;
}

export function coordinatesOf({ directions, stiffness }: Metric): Coordinates {
  const slopes = stiffness.length;
  const outward = new Float64Array(slopes * slopes);
  const inward = new Float64Array(slopes * slopes);
  for (let k = 0; k < slopes; k++) {
    const root = Math.sqrt(stiffness[k]!);
    for (let i = 0; i < slopes; i++) {
      outward[i * slopes + k] = directions[i * slopes + k]! / root;
      inward[k * slopes + i] = directions[i * slopes + k]! * root;
    }
  }
  return { slopes, outward, inward };
}

/**
 * ‖∇L‖₁ at weights and M over the sum of the sizes of its terms, in the coordinates in which M is the identity: the
 * backward error of the system there (see `residualOf`), at the cost of three products a node.
 */
export function residualGiven(
  { grams, graph, slopes, penalties }: GivenProblem,
  weights: Float64Array,
  metric: Metric,
): number {
  const { tasks, width, matrices } = grams;
  const { outward, inward } = coordinatesOf(metric);
  const back = transposeBlocks(outward, 1, slopes);
  const image = new Float64Array(tasks * width);
  for (let task = 0; task < tasks; task++) {
    const at = task * width;
    multiplyRows(matrices, at * width, width, width, weights, at, image, at);
  }
  const plain = mapSlopes(inward, slopes, weights, width);
  const pulled = multiplyPrecision(graph, plain, width, width);
  const fitted = mapSlopes(back, slopes, image, width);
  const wanted = mapSlopes(back, slopes, grams.moments, width);
  let left = 0;
  let terms = 0;
  for (let i = 0; i < pulled.length; i++) {
    const pull = penalties[i % width]! * pulled[i]!;
    const [fit, want] = [fitted[i] ?? 0, wanted[i] ?? 0];
    left += Math.abs(fit + pull - want);
    terms += Math.abs(fit) + Math.abs(pull) + Math.abs(want);
  }
  return left === 0 ? 0 : left / terms;
}

/** Applies a [slopes, slopes] matrix to the slopes of each node of [nodes, width]. */
export function mapSlopes(matrix: Float64Array, slopes: number, weights: Float64Array, width: number): Float64Array {
  const out = weights.slice();
  for (let start = 0; start < weights.length; start += width) {
    for (let i = 0; i < slopes; i++) {
      let value = 0;
      for (let k = 0; k < slopes; k++) value += matrix[i * slopes + k]! * weights[start + k]!;
      out[start + i] = value;
    }
  }
  return out;
}

/** The Gram matrices of the inputs x F: Fᵀ G F = ((G F)ᵀ F)ᵀ, two products for all tasks at once. */
export function mapGrams(grams: Grams, { slopes, outward }: Coordinates): Grams {
  const { tasks, width, matrices, moments } = grams;
  const map = new Float64Array(width * width);
  for (let i = 0; i < slopes; i++) map.set(outward.subarray(i * slopes, (i + 1) * slopes), i * width);
  if (width > slopes) map[width * width - 1] = 1;
  const right = tensor(map, { shape: [width, width] });
  const product = (left: Float64Array) =>
    matmul(tensor(left, { shape: [tasks * width, width] }), right).toTypedArray() as Float64Array;
  const mapped = product(transposeBlocks(product(matrices), tasks, width));
  for (let from = 0; from < mapped.length; from += width * width) {
    for (let i = 0; i < width; i++) {
      for (let k = 0; k < i; k++) mapped[from + k * width + i] = mapped[from + i * width + k]!;
    }
  }
  return {
    ...grams,
    matrices: mapped,
    moments: mapSlopes(transposeBlocks(outward, 1, slopes), slopes, moments, width),
  };
}

function transposeBlocks(matrices: Float64Array, count: number, width: number): Float64Array {
  const out = new Float64Array(matrices.length);
  for (let block = 0; block < count; block++) {
    const from = block * width * width;
    for (let i = 0; i < width; i++) {
      for (let k = 0; k < width; k++) out[from + k * width + i] = matrices[from + i * width + k]!;
    }
  }
  return out;
}

/** P W over all nodes, W the slopes of [nodes, width]: [nodes, slopes]. Latent rows vanish where W is at its best. */
export function multiplyPrecision(graph: PrecisionGraph, weights: Float64Array, width: number, slopes: number) {
  const { size, diagonal, from, to, value } = graph;
  const out = new Float64Array(size * slopes);
  const own = diagonal.slice();
  for (let edge = 0; edge < value.length; edge++) {
    own[from[edge]!]! += value[edge]!;
    own[to[edge]!]! += value[edge]!;
  }
  for (let node = 0; node < size; node++) {
    for (let i = 0; i < slopes; i++) out[node * slopes + i] = own[node]! * weights[node * width + i]!;
  }
  for (let edge = 0; edge < value.length; edge++) {
    const [a, b] = [from[edge]!, to[edge]!];
    for (let i = 0; i < slopes; i++) {
      const force = value[edge]! * (weights[b * width + i]! - weights[a * width + i]!);
      out[a * slopes + i]! += force;
      out[b * slopes + i]! -= force;
    }
  }
  return out;
}

/** W K₀ Wᵀ = Σ over edges and nodes, [slopes, slopes]. */
export function scatterOf(graph: PrecisionGraph, weights: Float64Array, width: number, slopes: number): Float64Array {
  const image = multiplyPrecision(graph, weights, width, slopes);
  const scatter = new Float64Array(slopes * slopes);
  for (let node = 0; node < graph.size; node++) {
    for (let i = 0; i < slopes; i++) {
      const w = weights[node * width + i]!;
      for (let j = 0; j <= i; j++) scatter[i * slopes + j]! += w * image[node * slopes + j]!;
    }
  }
  for (let i = 0; i < slopes; i++) for (let j = 0; j < i; j++) scatter[j * slopes + i] = scatter[i * slopes + j]!;
  return scatter;
}
