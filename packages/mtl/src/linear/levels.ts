import { choleskyInPlace, invertCholesky } from "../algebra/cholesky.js";
import { multiplyRows } from "../algebra/multiply-rows.js";
import type { PrecisionGraph } from "../relations/kinship.js";
import { aggregationsOf } from "./aggregates.js";

/** Diagonal blocks of the system G + P ⊗ D at one level. */
export interface Blocks {
  readonly size: number;
  /** Σ G of the tasks within each node, [known, width, width]: latent nodes, beyond `known`, have none. */
  readonly grams: Float64Array;
  readonly known: number;
  /** P_ii */
  readonly diagonal: Float64Array;
  /** Inverted: a product streams through memory, where substitution waits for each sum. [size, width, width] */
  readonly inverses: Float64Array;
}

/** Returns −1, or the node whose block is singular. `penalties` are D, [width]. */
export function invertBlocks({ size, grams, known, diagonal, inverses }: Blocks, penalties: Float64Array): number {
  const width = penalties.length;
  const block = width * width;
  const scratch = new Float64Array(block);
  inverses.set(grams);
  inverses.fill(0, known * block);
  for (let node = 0; node < size; node++) {
    for (let i = 0; i < width; i++) {
      const at = node * block + i * width + i;
      const own = inverses[at]! + diagonal[node]! * penalties[i]!;
      // Of latent nodes that nothing penalises, any value will do.
      inverses[at] = own === 0 && node >= known ? 1 : own;
    }
    if (choleskyInPlace(inverses, width, node * block) >= 0) return node;
    invertCholesky(inverses, width, scratch, node * block);
  }
  return -1;
}

/** out = B⁻¹ r */
export function applyBlocks({ size, inverses }: Blocks, width: number, r: Float64Array, out: Float64Array): void {
  for (let at = 0; at < size * width; at += width) {
    multiplyRows(inverses, at * width, width, width, r, at, out, at);
  }
}

interface Level extends Blocks {
  /** Of each node at the level before. */
  readonly coarseOf: Int32Array;
  readonly residual: Float64Array;
  readonly solved: Float64Array;
}

export interface Levels {
  factor(penalties: Float64Array): void;
  apply(residual: Float64Array, out: Float64Array): void;
}

/**
 * Σ over levels of R_l B_l⁻¹ R_lᵀ: the blocks of the nodes, which are given, and those of aggregates of kin, of aggregates
 * of them, and so on (Bramble, Pasciak & Xu, Parallel multilevel preconditioners, 1990). Blocks alone see how a task
 * differs from its neighbours, and not what a strong graph makes many tasks have in common.
 */
export function createLevels(finest: Blocks, graph: PrecisionGraph, width: number): Levels {
  const levels = levelsAbove(finest, graph, width);
  /** A coarse block that rounding makes singular ends the levels in use. */
  let used = levels.length;

  return {
    factor(penalties) {
      const failed = levels.findIndex((level) => invertBlocks(level, penalties) >= 0);
      used = failed < 0 ? levels.length : failed;
    },
    apply(residual, out) {
      applyBlocks(finest, width, residual, out);
      let finer = residual;
      for (const level of levels.slice(0, used)) {
        restrict(finer, level.coarseOf, width, level.residual);
        applyBlocks(level, width, level.residual, level.solved);
        finer = level.residual;
      }
      for (let l = used - 1; l >= 0; l--) {
        prolong(levels[l]!.solved, levels[l]!.coarseOf, width, l === 0 ? out : levels[l - 1]!.solved);
      }
    },
  };
}

/** Each coarse node gets the sum of its members. */
function restrict(fine: Float64Array, coarseOf: Int32Array, width: number, out: Float64Array): void {
  out.fill(0);
  for (let node = 0; node < coarseOf.length; node++) {
    const [from, to] = [node * width, coarseOf[node]! * width];
    for (let i = 0; i < width; i++) out[to + i] = out[to + i]! + fine[from + i]!;
  }
}

/** Each member gets its coarse node's on top of its own. */
function prolong(coarse: Float64Array, coarseOf: Int32Array, width: number, out: Float64Array): void {
  for (let node = 0; node < coarseOf.length; node++) {
    const [to, from] = [node * width, coarseOf[node]! * width];
    for (let i = 0; i < width; i++) out[to + i] = out[to + i]! + coarse[from + i]!;
  }
}

function levelsAbove(finest: Blocks, graph: PrecisionGraph, width: number): Level[] {
  const block = width * width;
  let finer = finest;
  return aggregationsOf(graph).map(({ coarseOf, graph: { size, diagonal } }) => {
    const grams = new Float64Array(size * block);
    for (let node = 0; node < finer.known; node++) {
      const [from, to] = [node * block, coarseOf[node]! * block];
      for (let i = 0; i < block; i++) grams[to + i] = grams[to + i]! + finer.grams[from + i]!;
    }
    const level = {
      size,
      grams,
      known: size,
      diagonal,
      inverses: new Float64Array(size * block),
      coarseOf,
      residual: new Float64Array(size * width),
      solved: new Float64Array(size * width),
    };
    finer = level;
    return level;
  });
}
