import type { TypedArray } from "../dtype.js";
import type { Tensor } from "../tensor.js";

/** Rows of batches to run over, one a step; what is stacked has one axis more than what a step takes or gives. */
export interface Rows {
  readonly count: number;
  readonly batches: readonly Tensor[];
  /** Called now and then with the number of steps that are done; what it throws ends the scan. */
  readonly between?: ((done: number) => void) | undefined;
}

/** A program that can be called: tensors in, tensors out. */
export interface Executable {
  readonly backend: "webassembly" | "evaluator";
  /** Bytes of the module and of its memory, and how many instructions it has; 0 on the evaluator. */
  readonly moduleBytes: number;
  readonly memoryBytes: number;
  readonly instructions: number;
  /** In how many shares threads run each kernel; only where any is shared out. */
  readonly shares?: readonly number[];
  /** One call. Result k is written to `into[k]`, which has its size and type, where there is one. */
  call(inputs: readonly Tensor[], into?: readonly (TypedArray | undefined)[]): Tensor[];
  /**
   * A call for each row: the first results are the first arguments of the next call, the other arguments are rows of
   * the batches. Returns the last state, then the other results, stacked.
   */
  scan(state: readonly Tensor[], rows: Rows): Tensor[];
  /** Milliseconds in each kernel since it was made, and the calls; only where profiling was asked for. */
  readonly profile?: { calls: number; readonly milliseconds: Float64Array };
}
