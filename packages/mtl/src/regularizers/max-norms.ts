import { dualNorm, type Regularizer } from "./regularizer.js";

/** Ω(W) = Σ_j max_t |W_tj|, the L1,∞ norm: once a task uses a feature, the others use it for nothing. */
export function maxNorms(): Regularizer {
  return {
    kind: "single",
    name: "max-norms",
    source: "Turlach, Venables & Wright, Simultaneous variable selection, 2005",
    parameters: {},
    on: ({ tasks, width }) => {
      const column = new Float64Array(tasks.length);
      return {
        value: (w) => sumOverColumns(w, width, (most, entry) => Math.max(most, entry)).reduce((a, b) => a + b, 0),
        proximal(v, step, out) {
          for (let j = 0; j < width; j++) {
            for (let t = 0; t < column.length; t++) column[t] = Math.abs(v[t * width + j]!);
            const cap = capOf(column, step);
            for (let t = 0; t < column.length; t++) {
              const at = t * width + j;
              out[at] = Math.max(-cap, Math.min(cap, v[at]!));
            }
          }
        },
        dual: dualNorm((v) =>
          sumOverColumns(v, width, (sum, entry) => sum + entry).reduce((most, sum) => Math.max(most, sum), 0),
        ),
      };
    },
  };
}

/** `combine` folded over the absolute values of each column. */
function sumOverColumns(v: Float64Array, width: number, combine: (so: number, far: number) => number): Float64Array {
  const totals = new Float64Array(width);
  for (let i = 0; i < v.length; i++) totals[i % width] = combine(totals[i % width]!, Math.abs(v[i]!));
  return totals;
}

/**
 * The cap c ≥ 0 that takes `step` off the entries above it, Σ (a_t − c)₊ = step; 0 if they do not hold as much. What
 * is taken off is the projection on the ball of the dual norm (Moreau).
 */
function capOf(entries: Float64Array, step: number): number {
  entries.sort();
  let sum = 0;
  for (let count = 1; count <= entries.length; count++) {
    sum += entries[entries.length - count]!;
    const cap = (sum - step) / count;
    if (cap >= (entries[entries.length - count - 1] ?? 0)) return Math.max(0, cap);
  }
  return 0;
}
