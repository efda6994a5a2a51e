import { choleskyInPlace, invertCholesky } from "../algebra/cholesky.js";
import type { PrecisionGraph } from "../relations/kinship.js";
import { aggregationsOf } from "./aggregates.js";
import { createSweeps, type Sweeps } from "./sweeps.js";

/** Diagonal blocks of the system G + P ⊗ D at one level. */
interface Blocks {
  /** Σ G of the tasks within each node, [known, width, width]: latent nodes, beyond `known`, have none. */
  readonly grams: Float64Array;
  readonly known: number;
  /** P_ii */
  readonly diagonal: Float64Array;
  /** Inverted: a product streams through memory, where substitution waits for each sum. [nodes, width, width] */
  readonly inverses: Float64Array;
}

/** Returns −1, or the node whose block is singular. `penalties` are D, [width]. */
function invertBlocks({ grams, known, diagonal, inverses }: Blocks, penalties: Float64Array): number {
  const width = penalties.length;
  const block = width * width;
  const scratch = new Float64Array(block);
  inverses.set(grams);
  inverses.fill(0, known * block);
  for (let node = 0; node < diagonal.length; node++) {
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

/** A coarse level solves for right-hand sides of its own, once a visit. */
interface Level extends Blocks {
  readonly sweeps: Sweeps;
  /** Of each node of the level before. */
  readonly coarseOf: Int32Array;
  readonly right: Float64Array;
  readonly swept: Float64Array;
  readonly out: Float64Array;
  readonly image: Float64Array;
  /** Σ of `out` over visits. */
  readonly sum: Float64Array;
}

export interface Levels {
  /** Returns −1, or the node whose block is singular. */
  factor(): number;
  /** out = M⁻¹ right, M symmetric, positive definite and close to the system A; image = A out. */
  apply(right: Float64Array, out: Float64Array, image: Float64Array): void;
}

/** So often is a level visited from the one before: once, and what many levels leave undone adds up. */
const visits = 2;

/**
 * A cycle of symmetric block Gauss–Seidel sweeps over the tasks, between whose halves aggregates of kin are corrected by
 * cycles of their own: sweeps see how a task differs from its neighbours, and not what a strong graph makes many tasks
 * have in common (Trottenberg, Oosterlee & Schüller, Multigrid, 2001, W-cycle). What A makes of the result falls out of
 * the sweeps, as in Eisenstat (Efficient implementation of a class of preconditioned conjugate gradient methods, 1981):
 * (tasks) · 2d² + (edges) · 5d for both, and less for each level above.
 */
export function createLevels(
  grams: { readonly tasks: number; readonly matrices: Float64Array },
  graph: PrecisionGraph,
  penalties: Float64Array,
): Levels {
  const finest = levelOf(graph, grams.matrices, grams.tasks, penalties, null);
  const levels = [finest, ...levelsAbove(finest, graph, penalties)];
  /** A coarse block that rounding makes singular ends the levels in use. */
  let used = levels.length;

  function cycle(l: number, right: Float64Array, out: Float64Array, image: Float64Array): void {
    const { sweeps, swept } = levels[l]!;
    // image = B v = right − L v, and the residual is −Lᵀ v.
    sweeps.forward(right, swept, image);
    if (l + 1 < used) {
      const coarse = levels[l + 1]!;
      coarse.right.fill(0);
      sweeps.takeAfter(swept, coarse.right, coarse.coarseOf);
      coarse.sum.fill(0);
      for (let visit = 0; visit < visits; visit++) {
        cycle(l + 1, coarse.right, coarse.out, coarse.image);
        for (let i = 0; i < coarse.sum.length; i++) {
          coarse.sum[i] = coarse.sum[i]! + coarse.out[i]!;
          coarse.right[i] = coarse.right[i]! - coarse.image[i]!;
        }
      }
      sweeps.addBefore(coarse.sum, -1, image, coarse.coarseOf);
    }
    // (D + Lᵀ) out = image = right − L v, v corrected: A out = image + L out.
    sweeps.backward(image, out);
    sweeps.addBefore(out, 1, image);
  }

  return {
    factor() {
      const failed = invertBlocks(finest, penalties);
      if (failed >= 0) return failed;
      const singular = levels.findIndex((level, l) => l > 0 && invertBlocks(level, penalties) >= 0);
      used = singular < 0 ? levels.length : singular;
      return -1;
    },
    apply: (right, out, image) => cycle(0, right, out, image),
  };
}

/** The finest level, without `coarseOf`, is given its vectors. */
function levelOf(
  graph: PrecisionGraph,
  grams: Float64Array,
  known: number,
  penalties: Float64Array,
  coarseOf: Int32Array | null,
): Level {
  const size = graph.size * penalties.length;
  const inverses = new Float64Array(size * penalties.length);
  const own = () => new Float64Array(coarseOf === null ? 0 : size);
  return {
    grams,
    known,
    diagonal: graph.diagonal,
    inverses,
    sweeps: createSweeps(graph, inverses, penalties),
    coarseOf: coarseOf ?? new Int32Array(0),
    right: own(),
    swept: new Float64Array(size),
    out: own(),
    image: own(),
    sum: own(),
  };
}

function levelsAbove(finest: Level, graph: PrecisionGraph, penalties: Float64Array): Level[] {
  const block = penalties.length ** 2;
  let finer = finest;
  return aggregationsOf(graph).map(({ coarseOf, graph: coarse }) => {
    const grams = new Float64Array(coarse.size * block);
    for (let node = 0; node < finer.known; node++) {
      const [from, to] = [node * block, coarseOf[node]! * block];
      for (let i = 0; i < block; i++) grams[to + i] = grams[to + i]! + finer.grams[from + i]!;
    }
    finer = levelOf(coarse, grams, coarse.size, penalties, coarseOf);
    return finer;
  });
}
