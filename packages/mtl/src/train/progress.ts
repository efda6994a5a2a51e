import type { Named } from "../models/encoder.js";
import type { Measures } from "../objective/kind.js";

/** One epoch: what a curve is drawn of. The same settings give the same history, bit for bit. */
export interface EpochRecord {
  /** Counted from 1. */
  readonly epoch: number;
  /** Steps so far. */
  readonly step: number;
  /** Mean over the epoch's steps that had a label of the task, before each step; NaN where none had. */
  readonly losses: Named<number>;
  readonly validation?: {
    readonly losses: Named<number>;
    /** Σ weight · loss, which early stopping watches. */
    readonly total: number;
    readonly measures: Named<Measures>;
  };
  /** What the balancer weighed the tasks by: means over the epoch's steps. Where it gives weights. */
  readonly weights?: Named<number>;
  /** With `trackGradients`: on the epoch's last batch, after its last step. */
  readonly gradients?: GradientRecord;
}

/** In the order of the tasks, of unweighted losses: what `gradientCosines` and `gramianAffinity` take. */
export interface GradientRecord {
  readonly losses: readonly number[];
  /** m × m: inner products of the tasks' gradients of what they share. */
  readonly gramian: readonly number[];
}

export interface StepEvent {
  /** Counted from 1. */
  readonly step: number;
  readonly epoch: number;
  /** NaN where the batch has no label of the task. */
  readonly losses: Named<number>;
  /** The balancer's, where it gives weights. */
  readonly weights?: Named<number>;
}

/** Where training stands between two steps, beside the state: plain JSON, kept up as training goes on. */
export interface Position {
  /** Steps done. */
  step: number;
  /** Sums of the losses over the current epoch's steps; empty before the first. */
  sums: number[];
  /** How many steps had each. */
  counts: number[];
  /** And of the balancer's weights; always empty where it gives none. */
  weightSums: number[];
  readonly history: EpochRecord[];
  /** The best validation total so far and the epoch it was met in; null before any. */
  best: { readonly epoch: number; readonly total: number } | null;
}
