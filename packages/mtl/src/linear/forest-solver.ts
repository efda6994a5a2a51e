import { factorDetermined, invertCholesky, solveCholesky } from "../algebra/cholesky.js";
import { dot } from "../algebra/dot.js";
import { multiplyRows } from "../algebra/multiply-rows.js";
import { addOuterProducts } from "../algebra/outer-products.js";
import type { PrecisionGraph } from "../relations/kinship.js";
import { type Forest, groupLeaves } from "./forest.js";
import type { Grams } from "./grams.js";
import { createLeaves } from "./leaves.js";
import type { Solver } from "./solver.js";

/**
 * Block elimination along a forest, children into parents: (nodes) · d³ for new slopes' penalties, and for another
 * penalty of the intercept only (nodes) · d² and d³ for the few nodes that have children.
 */
export function createForestSolver(grams: Grams, graph: PrecisionGraph, forest: Forest, slopes: number): Solver {
  const { tasks, width, matrices } = grams;
  const { parent, coupling } = forest;
  const { innerNodes, innerOf, leafNodes, childStarts } = groupLeaves(forest);
  const leaves = createLeaves(leafNodes, grams, graph.diagonal, slopes);
  const { inverses, tilts, schur } = leaves;
  const block = width * width;
  /** Σ e² N over the leaves of each inner node, [inner, slopes, slopes], lower triangles. */
  const leafSums = new Float64Array(innerNodes.length * slopes * slopes);
  const factors = new Float64Array(innerNodes.length * block);
  const strengths = new Float64Array(leafNodes.length);
  const tiltSums = new Float64Array(slopes * slopes);
  const inverse = new Float64Array(block);
  const scratch = new Float64Array(block);
  const penalties = new Float64Array(width);
  const remaining = new Float64Array(graph.size * width);
  /** N g of each leaf, for the right-hand side and slopes' penalty at hand: it does not change with the intercept's. */
  const slopesOnly = new Float64Array(leafNodes.length * slopes);
  let slopesOnlyOf: Float64Array | null = null;
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
    if (width > slopes) tiltInner(slope, intercept);
  }

  /** What the leaves' intercepts take away from their parents: D (uuᵀ/s, −u/s; −uᵀ/s, 1/s) D, summed with e². */
  function tiltInner(slope: number, intercept: number): void {
    for (let leaf = 0; leaf < leafNodes.length; leaf++) {
      const node = leafNodes[leaf]!;
      strengths[leaf] = parent[node]! < 0 ? 0 : coupling[node]! ** 2 / schur[leaf]!;
    }
    for (let index = 0; index < innerNodes.length; index++) {
      tiltSums.fill(0);
      addOuterProducts(tilts, strengths, childStarts[index]!, childStarts[index + 1]!, slopes, tiltSums);
      const to = index * block;
      for (let i = 0; i < slopes; i++) {
        for (let j = 0; j <= i; j++) {
          factors[to + i * width + j] = factors[to + i * width + j]! - slope * slope * tiltSums[i * slopes + j]!;
        }
      }
      const last = to + slopes * width;
      for (let leaf = childStarts[index]!; leaf < childStarts[index + 1]!; leaf++) {
        const strength = intercept * strengths[leaf]!;
        for (let j = 0; j < slopes; j++) {
          factors[last + j] = factors[last + j]! + slope * strength * tilts[leaf * slopes + j]!;
        }
        factors[last + slopes] = factors[last + slopes]! - intercept * strength;
      }
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
      slopesOnlyOf = null;
    }
    const failed = leaves.setIntercept(intercept);
    if (failed >= 0) return failed;
    fillInner(slope, intercept);
    for (const [index, node] of innerNodes.entries()) {
      const base = index * block;
      if (factorDetermined(factors, width, base) >= 0) return node;
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

  /** w = M⁻¹ r of a leaf; the slopes' part of N r is taken from `known`, or computed. */
  function solveLeaf(leaf: number, out: Float64Array, known: Float64Array | null): void {
    const at = leafNodes[leaf]! * width;
    const tilt = leaf * slopes;
    if (known === null) multiplyRows(inverses, leaf * slopes * slopes, slopes, slopes, remaining, at, out, at);
    else for (let i = 0; i < slopes; i++) out[at + i] = known[tilt + i]!;
    if (width === slopes) return;
    const intercept = (remaining[at + slopes]! - dot(tilts, tilt, remaining, at, slopes)) / schur[leaf]!;
    out[at + slopes] = intercept;
    for (let i = 0; i < slopes; i++) out[at + i] = out[at + i]! - tilts[tilt + i]! * intercept;
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

  function solve(g: Float64Array, out: Float64Array, { keep = false } = {}): number {
    remaining.set(g);
    if (slopesOnlyOf !== g) {
      for (let leaf = 0; leaf < leafNodes.length; leaf++) {
        const from = leafNodes[leaf]! * width;
        multiplyRows(inverses, leaf * slopes * slopes, slopes, slopes, g, from, slopesOnly, leaf * slopes);
      }
    }
    slopesOnlyOf = keep ? g : null;
    for (let leaf = 0; leaf < leafNodes.length; leaf++) {
      solveLeaf(leaf, out, slopesOnly);
      passUp(leafNodes[leaf]!, out);
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
      solveLeaf(leaf, out, null);
    }
    return 1;
  }

  return { name: "forest", factor, solve };
}
