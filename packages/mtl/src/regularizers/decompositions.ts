import { lasso } from "./lasso.js";
import { maxNorms } from "./max-norms.js";
import type { SplitRegularizer } from "./regularizer.js";
import { split } from "./split.js";
import { taskNorms } from "./task-norms.js";
import { traceNorm } from "./trace-norm.js";

/** How dear a part of the weights is beside the other, whose price is 1. */
export interface DecompositionOptions {
  readonly own?: number;
}

/**
 * Clean and dirty: W = P + Q with Σ_j max_t |P_tj| + own · Σ |Q_tj|. Features that tasks share, and some of their own.
 * `own` between 1/T and 1, else one part is never used; .5 unless given.
 */
export const dirty = ({ own = 0.5 }: DecompositionOptions = {}): SplitRegularizer =>
  split([{ regularizer: maxNorms() }, { regularizer: lasso(), weight: own }], {
    name: "dirty",
    source: "Jalali, Ravikumar, Sanghavi & Ruan, A dirty model for multi-task learning, 2010, equation 2",
  });

/** W = P + Q with ‖P‖_tr + own · Σ_t ‖q_t‖₂: kin in few directions, and tasks that are outliers. `own` is 1 unless given. */
export const robust = ({ own = 1 }: DecompositionOptions = {}): SplitRegularizer =>
  split([{ regularizer: traceNorm() }, { regularizer: taskNorms(), weight: own }], {
    name: "robust",
    source: "Chen, Zhou & Ye, Integrating low-rank and group-sparse structures for robust multi-task learning, 2011",
  });

/** W = P + Q with ‖P‖_tr + own · Σ |Q_tj|: few directions, and single weights beside them. `own` is .5 unless given. */
export const sparseLowRank = ({ own = 0.5 }: DecompositionOptions = {}): SplitRegularizer =>
  split([{ regularizer: traceNorm() }, { regularizer: lasso(), weight: own }], {
    name: "sparse-low-rank",
    source: "Chen, Liu & Ye, Learning incoherent sparse and low-rank patterns from multiple tasks, 2010, penalised",
  });
