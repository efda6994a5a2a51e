import { matmul, tensor } from "@kinship/tensor";
import { crossProducts, mapRows } from "../../algebra/map-rows.js";
import { multiplyRows } from "../../algebra/multiply-rows.js";
import { type Eigen, symmetricEigen } from "../../balance/solvers/pseudo-inverse.js";
import type { Grams } from "../../linear/grams.js";
import type { PrecisionGraph } from "../kinship.js";
import { multiplyPrecision } from "../precision.js";

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
  const { values, vectors: directions } = eigenOf(scatter);
  const singular = values.map((value) => Math.sqrt(Math.max(0, value) + smoothing));
  const total = singular.reduce((sum, value) => sum + value, 0);
  const stiffness = singular.map((value) => ((1 - share) * total) / (tasks * value) + share);
  return { singular, directions, total, stiffness };
}

function eigenOf(scatter: Float64Array): Eigen {
  return scatter.length === 1 ? { values: scatter, vectors: Float64Array.of(1) } : symmetricEigen(scatter);
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

/** U diag(f(σ)) Uᵀ, [slopes, slopes]. */
export function spectralMatrix(
  { singular, directions }: Metric,
  f: (sigma: number, k: number) => number,
): Float64Array {
  const slopes = singular.length;
  const scaled = directions.map((value, at) => value * f(singular[at % slopes]!, at % slopes));
  const matrix = new Float64Array(slopes * slopes);
  for (let i = 0; i < slopes; i++) multiplyRows(directions, 0, slopes, slopes, scaled, i * slopes, matrix, i * slopes);
  return matrix;
}

/** M */
export const stiffnessOf = (metric: Metric): Float64Array => spectralMatrix(metric, (_, k) => metric.stiffness[k]!);

/** Applies a [slopes, slopes] matrix to the slopes of each node of [nodes, width]. */
export function mapSlopes(matrix: Float64Array, slopes: number, weights: Float64Array, width: number): Float64Array {
  if (width === slopes) return mapRows(matrix, slopes, weights);
  const wide = new Float64Array(width * width);
  for (let i = 0; i < slopes; i++) wide.set(matrix.subarray(i * slopes, (i + 1) * slopes), i * width);
  wide[width * width - 1] = 1;
  return mapRows(wide, width, weights);
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

export function transposeBlocks(matrices: Float64Array, count: number, width: number): Float64Array {
  const out = new Float64Array(matrices.length);
  for (let block = 0; block < count; block++) {
    const from = block * width * width;
    for (let i = 0; i < width; i++) {
      for (let k = 0; k < width; k++) out[from + k * width + i] = matrices[from + i * width + k]!;
    }
  }
  return out;
}

/** W K₀ Wᵀ = Σ over edges and nodes, [slopes, slopes]. */
export function scatterOf(graph: PrecisionGraph, weights: Float64Array, width: number, slopes: number): Float64Array {
  const products = crossProducts(multiplyPrecision(graph, weights, width, slopes), slopes, weights, width);
  const scatter = new Float64Array(slopes * slopes);
  for (let i = 0; i < slopes; i++) {
    for (let j = 0; j <= i; j++) {
      scatter[i * slopes + j] = products[i * width + j]!;
      scatter[j * slopes + i] = products[i * width + j]!;
    }
  }
  return scatter;
}
