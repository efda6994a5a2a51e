import type { LoopKernel, Statement } from "../../compile/kernel.js";

export type Store = Statement & { readonly kind: "store" };
export type Fold = Statement & { readonly kind: "fold" };

/**
 * What one kernel on the device computes: a value for each cell of one buffer. The loop nest has one store, which is
 * of its fold where it has one; or it has four of each, in one phase, for buffers of the same size.
 */
export interface Cells {
  readonly kernel: LoopKernel;
  /** A source that is not read: rounds in which its position is not below the bound are left out. */
  readonly guard?: { readonly source: number; readonly below: number };
  /**
   * A source that is read `stride` elements further for each that source `by` counts, which are `size`; from their end
   * where that is negative. What is none of them is not a number.
   */
  readonly gather?: { readonly source: number; readonly by: number; readonly size: number; readonly stride: number };
}

export const storeOf = ({ phases }: LoopKernel): Store =>
  phases.flat().find((statement): statement is Store => statement.kind === "store")!;

/** The buffers that the nest stores to. */
export const resultsOf = ({ phases }: LoopKernel): readonly number[] =>
  phases.flat().flatMap((statement) => (statement.kind === "store" ? [statement.access.buffer] : []));

export const foldsOf = ({ phases }: LoopKernel): readonly Fold[] =>
  phases.flat().filter((statement): statement is Fold => statement.kind === "fold");

export const foldOf = ({ phases }: LoopKernel): Fold | undefined =>
  phases.flat().find((statement): statement is Fold => statement.kind === "fold");
