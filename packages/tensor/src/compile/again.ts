import type { TypedArray } from "../dtype.js";
import type { Signature } from "../primitive.js";
import type { FunctionHandle, ModuleBuilder } from "../wasm/assembler/index.js";
import type { Executable } from "./executable.js";
import type { KernelProgram } from "./kernel.js";
import type { Places, Plan } from "./plan.js";
import type { StepPlan } from "./steps.js";

/**
 * What becomes of results, for programs that are called again with them: a value, so that who has none of these programs
 * does not ship it.
 */
export interface Again {
  order(program: KernelProgram, results: readonly Signature[]): Order;
  readonly steps?: Stepping;
  /** What can be done with the program besides calling it, or otherwise. */
  extend(loaded: Loaded): Partial<Executable>;
}

export interface Order {
  /** With those arguments and results first that take each other's places. */
  readonly program: KernelProgram;
  /** How many of its first results are its first arguments the next time. */
  readonly carried: number;
  /** Which of these take the places of those arguments. */
  readonly places: Places;
}

/** How a program is run many times in one call. */
export interface Stepping {
  /** Where rows stand, from byte `start` of memory on. */
  plan(program: KernelProgram, plan: Plan, start: number): StepPlan;
  /** Defines the function of many steps. */
  emit(module: ModuleBuilder, step: FunctionHandle, plan: StepPlan): void;
}

/** A program in its memory. */
export interface Loaded {
  readonly memory: WebAssembly.Memory;
  readonly exported: Readonly<Record<string, (...values: number[]) => void>>;
  /** The arguments that are read: where, and their numbers. */
  readonly inputs: readonly { readonly view: TypedArray; readonly index: number }[];
  readonly results: readonly Result[];
  readonly steps: StepPlan | undefined;
  /** Whether a call can end in an error after it began to write. */
  readonly mayFail: boolean;
  /** Runs a function of the module, with the help of the threads where it is shared out. */
  run(f: () => void): void;
}

export interface Result extends Signature {
  readonly view: TypedArray;
  readonly stride: readonly number[];
}
