import type { DType, TypedArray } from "../dtype.js";
import type { Tensor } from "../tensor.js";
import type { StepPlan } from "./steps.js";

/** The memory of a program that is scanned, and its function of many steps. */
export interface Inside {
  readonly plan: StepPlan;
  /** Where the results of a step are. */
  readonly results: readonly { readonly view: TypedArray; readonly shape: readonly number[]; readonly dtype: DType }[];
  /** Writes a state to where the first step reads it. */
  enter(state: readonly Tensor[]): void;
  window(dtype: DType, start: number, size: number): TypedArray;
  steps(count: number, isFirst: number): void;
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
  /** Only where the program was made to be scanned. */
  readonly inside?: Inside;
  /** Milliseconds in each kernel since it was made, and the calls; only where profiling was asked for. */
  readonly profile?: Profile;
}

/** Of each kernel, in all calls. */
export interface Profile {
  calls: number;
  readonly milliseconds: Float64Array;
}
