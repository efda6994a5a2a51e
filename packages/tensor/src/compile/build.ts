import type { Signature } from "../primitive.js";
import type { Instruction } from "../scalar/scalar.js";
import type { Tensor } from "../tensor.js";
import { hasFeature } from "../wasm/features.js";
import type { Again } from "./again.js";
import { emittable } from "./emit/instructions.js";
import { evaluatorExecutable } from "./evaluator.js";
import type { Executable } from "./executable.js";
import { fuse } from "./fuse.js";
import type { KernelProgram } from "./kernel.js";
import { missing, type Parts } from "./parts.js";
import { dropStores, type Plan, plan } from "./plan.js";
import type { Program } from "./program.js";
import { record } from "./record.js";
import { simplify } from "./simplify.js";
import { dissect, fill, type Skeleton } from "./skeleton.js";
import type { Verifier } from "./verify.js";
import { type Crew, webAssemblyExecutable } from "./webassembly.js";

/** Threads to compute on, opened with `openThreads` of `@kinship/tensor/threads`. */
export interface Threads {
  /** How many share the work, the calling one counted; 1 once they are closed. */
  readonly count: number;
  /** Ends the workers. Functions that were compiled with them go on by themselves. */
  close(): void;
  /** @internal */
  readonly crew: Crew;
}

export interface BuildOptions {
  /**
   * Keep to arithmetic that every engine rounds alike: no relaxed multiply-add in products. Results are then the same
   * bits wherever WebAssembly is. Default: false.
   */
  readonly deterministic?: boolean;
  /** Checks the program's form between the passes: `verifier`, for who works on the compiler. Default: none. */
  readonly verify?: Verifier;
  /** Time each kernel by itself, for `explain`: calls take longer. Default: false. */
  readonly profile?: boolean;
  /**
   * Threads that share the work of large products, convolutions and loops: `await openThreads(2)`, from
   * `@kinship/tensor/threads`. Results are the same bits. Default: none.
   */
  readonly threads?: Threads | undefined;
}

/** The forms that the program went through. */
export interface Stages {
  readonly recorded: Program;
  readonly simplified: Program;
  /** undefined where there is no WebAssembly. */
  readonly kernels: KernelProgram | undefined;
  readonly plan: Plan | undefined;
}

export interface Built {
  readonly executable: Executable;
  /** The structure of the result. */
  readonly output: Skeleton;
  /** The signatures of its tensors. */
  readonly results: readonly Signature[];
  readonly stages: Stages;
}

/** Stretches that threads run together at least: what a single one is would take them as long as meeting. */
const stretchOfThreads = 4;

/** Whether the engine may compile WebAssembly here: a page's content-security policy can forbid it. */
function webAssemblyAllowed(): boolean {
  if (typeof WebAssembly !== "object" || !hasFeature("simd")) return false;
  try {
    return new WebAssembly.Module(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])) instanceof WebAssembly.Module;
  } catch {
    return false;
  }
}

/** Passes `f` through all stages, for arguments of this structure. */
export function build(
  f: (...args: never[]) => unknown,
  skeleton: Skeleton,
  signatures: readonly Signature[],
  { deterministic = false, verify, profile = false, threads }: BuildOptions,
  { routines, convolver, explainer, streamer, isComplete }: Parts,
  again?: Again,
): Built {
  let output: Skeleton | undefined;
  const recorded = record((placeholders) => {
    const results: Tensor[] = [];
    output = dissect(f(...(fill(skeleton, placeholders) as never[])), results, "the result");
    return results;
  }, signatures);
  verify?.program(recorded, "record");
  const simplified = simplify(recorded);
  verify?.program(simplified, "simplify");
  const results = simplified.outputs.map((k) => simplified.values[k]);
  const made = (executable: Executable, kernels?: KernelProgram, planned?: Plan): Built => ({
    executable,
    output: output!,
    results,
    stages: { recorded, simplified, kernels, plan: planned },
  });
  if (!webAssemblyAllowed()) return made(evaluatorExecutable(simplified));
  const has = emittable(routines);
  const supports = isComplete ? has : (instruction: Instruction) => has(instruction) || missing(instruction);
  const kernels = dropStores(fuse(simplified, supports, convolver));
  verify?.kernels(kernels);
  const fused = !deterministic && hasFeature("relaxedSimd");
  const options = { routines, convolver, fused, profiler: profile ? explainer : undefined, crew: threads?.crew };
  const times = threads && threads.count > 1 ? stretchOfThreads : 1;
  const cut = again?.steps || profile ? undefined : streamer?.cut(kernels, times, !again && !threads);
  if (cut) {
    const plans: Plan[] = [];
    const make = (part: KernelProgram) => {
      const place = plan(part);
      verify?.kernels(part);
      verify?.plan(part, place, 0);
      plans.push(place);
      return webAssemblyExecutable(part, place, options);
    };
    const executable = streamer!.run(make, kernels, cut);
    return made(executable, kernels, plans[0]);
  }
  const { program, carried, places } = again?.order(kernels, results) ?? { program: kernels, carried: 0 };
  const planned = plan(program, carried, places, threads?.crew.mostShared(program));
  verify?.plan(program, planned, carried);
  return made(webAssemblyExecutable(kernels, planned, { ...options, again }), kernels, planned);
}
