import { choleskyInPlace, invertCholesky, solveCholesky } from "../algebra/cholesky.js";
import type { PrecisionGraph } from "../relations/kinship.js";
import type { Forest } from "./forest.js";
import type { Grams } from "./grams.js";
import { createLeaves } from "./leaves.js";
import type { Solver } from "./solver.js";

/**
 * Block elimination along a forest, children into parents: (nodes) · d³ for new slopes' penalties, and for another
 * penalty of the intercept only (nodes) · d² and d³ for the few nodes that have children.
 */
export function createForestSolver(grams: Grams, graph: PrecisionGraph, forest: Forest, slopes: number): Solver {
  const { tasks, width, matrices } = grams;
  const { order, parent, coupling, hasChildren } = forest;
  const leafNodes = order.filter((node) => hasChildren[node] === 0);
  const innerNodes = order.filter((node) => hasChildren[node] === 1);
  const leaves = createLeaves(leafNodes, grams, graph.diagonal, slopes);
  const { inverses, tilts, schur } = leaves;
  const innerOf = new Int32Array(graph.size).fill(-1);
  for (const [index, node] of innerNodes.entries()) innerOf[node] = index;
  const block = width * width;
  /** Σ e² N over the leaves of each inner node, [inner, slopes, slopes], lower triangles. */
  const leafSums = new Float64Array(innerNodes.length * slopes * slopes);
  const factors = new Float64Array(innerNodes.length * block);
  const inverse = new Float64Array(block);
  const scratch = new Float64Array(block);
  const penalties = new Float64Array(width);
  const remaining = new Float64Array(graph.size * width);
  let slopeNow = Number.NaN;

  function sumLeaves(): void {
    leafSums.fill(0);
    for (let leaf = 0; leaf < leafNodes.length; leaf++) {
      const node = leafNodes[leaf]!;
      if (parent[node]! < 0) continue;
      const strength = coupling[node]! ** 2;
      const from = leaf * slopes * slopes;
      const to = innerOf[parent[node]!]! * slopes * slopes;
      for (let i = 0; i < slopes; i++) {
        for (let at = i * slopes; at <= i * slopes + i; at++) {
          leafSums[to + at] = leafSums[to + at]! + strength * inverses[from + at]!;
        }
      }
    }
  }

  /** Lower triangles of G + P_ii D, less what the leaves' elimination takes away. */
  function fillInner(slope: number, intercept: number): void {
    for (const [index, node] of innerNodes.entries()) {
      const isTask = node < tasks;
      for (let i = 0; i < width; i++) {
        for (let j = 0; j <= i; j++) {
          let value = isTask ? matrices[node * block + i * width + j]! : 0;
          if (i < slopes) value -= slope * slope * leafSums[(index * slopes + i) * slopes + j]!;
          if (i === j) value += graph.diagonal[node]! * penalties[i]! || (isTask ? 0 : 1);
          factors[index * block + i * width + j] = value;
        }
      }
    }
    if (width === slopes) return;
    for (let leaf = 0; leaf < leafNodes.length; leaf++) {
      const node = leafNodes[leaf]!;
      if (parent[node]! < 0) continue;
      const to = innerOf[parent[node]!]! * block;
      const strength = coupling[node]! ** 2 / schur[leaf]!;
      const tilt = leaf * slopes;
      for (let i = 0; i < slopes; i++) {
        const factor = slope * slope * strength * tilts[tilt + i]!;
        if (factor === 0) continue;
        for (let j = 0; j <= i; j++) {
          factors[to + i * width + j] = factors[to + i * width + j]! - factor * tilts[tilt + j]!;
        }
      }
      const last = to + slopes * width;
      for (let j = 0; j < slopes; j++) {
        factors[last + j] = factors[last + j]! + slope * intercept * strength * tilts[tilt + j]!;
      }
      factors[last + slopes] = factors[last + slopes]! - intercept * intercept * strength;
    }
  }

  function factor(slope: number, intercept: number): number {
    penalties.fill(slope, 0, slopes);
    if (width > slopes) penalties[slopes] = intercept;
    if (slope !== slopeNow) {
      slopeNow = Number.NaN;
      const failed = leaves.setSlope(slope);
      if (failed >= 0) return failed;
      sumLeaves();
      slopeNow = slope;
    }
    const failed = leaves.setIntercept(intercept);
    if (failed >= 0) return failed;
    fillInner(slope, intercept);
    for (const [index, node] of innerNodes.entries()) {
      const base = index * block;
      if (choleskyInPlace(factors, width, base) >= 0) return node;
      const above = parent[node]!;
      if (above < 0) continue;
      inverse.set(factors.subarray(base, base + block));
      invertCholesky(inverse, width, scratch);
      const strength = coupling[node]! ** 2;
      const to = innerOf[above]! * block;
      for (let i = 0; i < width; i++) {
        for (let j = 0; j <= i; j++) {
          const at = i * width + j;
          factors[to + at] = factors[to + at]! - strength * penalties[i]! * penalties[j]! * inverse[at]!;
        }
      }
    }
    return -1;
  }

  /** M⁻¹ r of a leaf, r at `from` in `source`, into `to` of `out`. */
  function solveLeaf(leaf: number, source: Float64Array, from: number, out: Float64Array, to: number): void {
    const base = leaf * slopes * slopes;
    const tilt = leaf * slopes;
    let intercept = 0;
    if (width > slopes) {
      intercept = source[from + slopes]!;
      for (let j = 0; j < slopes; j++) intercept -= tilts[tilt + j]! * source[from + j]!;
      intercept /= schur[leaf]!;
      out[to + slopes] = intercept;
    }
    multiplyInverse(inverses, base, slopes, source, from, out, to);
    if (intercept === 0) return;
    for (let i = 0; i < slopes; i++) out[to + i] = out[to + i]! - tilts[tilt + i]! * intercept;
  }

  /** r of the parent −= e D w, w the node's own solution. */
  function passUp(node: number, solved: Float64Array): void {
    const above = parent[node]!;
    if (above < 0) return;
    for (let i = 0; i < width; i++) {
      remaining[above * width + i] =
        remaining[above * width + i]! - coupling[node]! * penalties[i]! * solved[node * width + i]!;
    }
  }

  /** r −= e D w, w the parent's solution. */
  function passDown(node: number, solved: Float64Array): void {
    const above = parent[node]!;
    if (above < 0) return;
    for (let i = 0; i < width; i++) {
      remaining[node * width + i] =
        remaining[node * width + i]! - coupling[node]! * penalties[i]! * solved[above * width + i]!;
    }
  }

  function solve(g: Float64Array, out: Float64Array): number {
    remaining.set(g);
    for (let leaf = 0; leaf < leafNodes.length; leaf++) {
      const node = leafNodes[leaf]!;
      solveLeaf(leaf, remaining, node * width, out, node * width);
      passUp(node, out);
    }
    for (const [index, node] of innerNodes.entries()) {
      const at = node * width;
      out.set(remaining.subarray(at, at + width), at);
      solveCholesky(factors, width, out, index * block, at);
      passUp(node, out);
    }
    for (let index = innerNodes.length - 1; index >= 0; index--) {
      const node = innerNodes[index]!;
      if (parent[node]! < 0) continue;
      passDown(node, out);
      const at = node * width;
      out.set(remaining.subarray(at, at + width), at);
      solveCholesky(factors, width, out, index * block, at);
    }
    for (let leaf = 0; leaf < leafNodes.length; leaf++) {
      const node = leafNodes[leaf]!;
      if (parent[node]! < 0) continue;
      passDown(node, out);
      solveLeaf(leaf, remaining, node * width, out, node * width);
    }
    return 1;
  }

  return { name: "forest", factor, solve };
}

/** out = N r, two rows at a time: they share r, and their sums do not wait for each other. */
function multiplyInverse(
  matrix: Float64Array,
  base: number,
  n: number,
  r: Float64Array,
  from: number,
  out: Float64Array,
  to: number,
): void {
  for (let i = 0; i < n; i += 2) {
    const p = base + i * n;
    // An odd last row is done twice.
    const q = i + 1 < n ? p + n : p;
    let first = 0;
    let second = 0;
    for (let k = 0; k < n; k++) {
      const value = r[from + k]!;
      first += matrix[p + k]! * value;
      second += matrix[q + k]! * value;
    }
    out[to + i] = first;
    if (q !== p) out[to + i + 1] = second;
  }
}
