import type { Named } from "../models/encoder.js";
import type { Measures } from "../objective/kind.js";

/** One epoch: what a curve is drawn of. The same settings give the same history, bit for bit. */
export interface EpochRecord {
  /** Counted from 1. */
  readonly epoch: number;
  /** Steps so far. */
  readonly step: number;
  /** Mean over the epoch's steps, before each step. */
  readonly losses: Named<number>;
  readonly validation?: {
    readonly losses: Named<number>;
    /** Σ weight · loss, which early stopping watches. */
    readonly total: number;
    readonly measures: Named<Measures>;
  };
}

export interface StepEvent {
  /** Counted from 1. */
  readonly step: number;
  readonly epoch: number;
  readonly losses: Named<number>;
}

/** Where training stands between two steps, beside the state: plain JSON. */
export interface Position {
  /** Steps done. */
  readonly step: number;
  /** Sums of the losses over the current epoch's steps. */
  readonly sums: readonly number[];
  readonly history: readonly EpochRecord[];
  /** The best validation total so far and the epoch it was met in; null before any. */
  readonly best: { readonly epoch: number; readonly total: number } | null;
}
