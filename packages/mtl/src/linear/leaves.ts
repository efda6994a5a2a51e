import { choleskyInPlace, invertCholesky, isUndetermined, nextPivot } from "../algebra/cholesky.js";
import { dot } from "../algebra/dot.js";
import type { Grams } from "./grams.js";

/**
 * The nodes without children: nearly all. Their blocks M = G + P_ii D are inverted with the slopes first, so that
 * another penalty of the intercept costs d² and not d³: with N = M_ss⁻¹, u = N m and s = M_bb − mᵀu,
 * M⁻¹ = [N + uuᵀ/s, −u/s; −uᵀ/s, 1/s].
 */
export interface Leaves {
  /** N of each leaf, [leaves, slopes, slopes]. */
  readonly inverses: Float64Array;
  /** u of each leaf, [leaves, slopes]. */
  readonly tilts: Float64Array;
  /** s of each leaf; 1 without an intercept. */
  readonly schur: Float64Array;
  /** Returns −1 or the node whose block is singular. */
  setSlope(penalty: number): number;
  setIntercept(penalty: number): number;
}

export function createLeaves(nodes: Int32Array, grams: Grams, diagonal: Float64Array, slopes: number): Leaves {
  const { tasks, width, matrices } = grams;
  const inverses = new Float64Array(nodes.length * slopes * slopes);
  const tilts = new Float64Array(nodes.length * slopes);
  const schur = new Float64Array(nodes.length).fill(1);
  const unpenalised = new Float64Array(nodes.length);
  /** The diagonal of M_ss of each leaf, [leaves, slopes]. */
  const diagonals = new Float64Array(nodes.length * slopes);
  const scratch = new Float64Array(slopes * slopes);

  function setSlope(penalty: number): number {
    for (let leaf = 0; leaf < nodes.length; leaf++) {
      const node = nodes[leaf]!;
      const isTask = node < tasks;
      const base = leaf * slopes * slopes;
      const gram = node * width * width;
      // A latent leaf that nothing holds is decoupled: any pivot will do.
      const own = diagonal[node]! * penalty || (isTask ? 0 : 1);
      for (let i = 0; i < slopes; i++) {
        for (let j = 0; j < i; j++) inverses[base + i * slopes + j] = isTask ? matrices[gram + i * width + j]! : 0;
        const value = own + (isTask ? matrices[gram + i * width + i]! : 0);
        inverses[base + i * slopes + i] = value;
        diagonals[leaf * slopes + i] = value;
      }
      if (choleskyInPlace(inverses, slopes, base) >= 0) return node;
      const cross = gram + slopes * width;
      const withIntercept = width > slopes && isTask;
      // From the factor, not from the inverse, whose rounding grows with the block's condition.
      if (withIntercept) unpenalised[leaf] = nextPivot(inverses, slopes, matrices, cross, scratch, base);
      invertCholesky(inverses, slopes, scratch, base);
      for (let i = 0; i < slopes; i++)
        if (isUndetermined(slopes, diagonals[leaf * slopes + i]!, inverses[base + i * slopes + i]!)) return node;
      if (!withIntercept) continue;
      for (let i = 0; i < slopes; i++)
        tilts[leaf * slopes + i] = dot(inverses, base + i * slopes, matrices, cross, slopes);
    }
    return -1;
  }

  function setIntercept(penalty: number): number {
    if (width === slopes) return -1;
    for (let leaf = 0; leaf < nodes.length; leaf++) {
      const node = nodes[leaf]!;
      const isTask = node < tasks;
      const own = diagonal[node]! * penalty || (isTask ? 0 : 1);
      const whole = own + (isTask ? matrices[node * width * width + width * width - 1]! : 0);
      schur[leaf] = own + unpenalised[leaf]!;
      const inverse = 1 / schur[leaf]!;
      if (isUndetermined(width, whole, inverse)) return node;
      // N_ii alone was looked at when N was made.
      for (let at = leaf * slopes; at < (leaf + 1) * slopes; at++)
        if (isUndetermined(width, diagonals[at]!, tilts[at]! ** 2 * inverse)) return node;
    }
    return -1;
  }

  return { inverses, tilts, schur, setSlope, setIntercept };
}
