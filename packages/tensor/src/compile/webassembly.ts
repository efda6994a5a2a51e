import { copyInto } from "../copy.js";
import { allocate, type DType, type TypedArray } from "../dtype.js";
import { contiguousStride, isContiguous, sizeOf } from "../layout.js";
import { uninitialized } from "../memory.js";
import { Tensor } from "../tensor.js";
import type { MemoryLimits } from "../wasm/assembler/index.js";
import type { Again, Loaded, Result } from "./again.js";
import type { Convolver } from "./convolve.js";
import type { Routines } from "./emit/instructions.js";
import { assemble, kernelName, page, type Sharing } from "./emit/module.js";
import type { Executable } from "./executable.js";
import type { Explainer } from "./explain.js";
import type { Buffer, HostKernel, KernelProgram } from "./kernel.js";
import type { Plan } from "./plan.js";

export interface WebAssemblyOptions {
  readonly routines: Routines;
  readonly convolver?: Convolver | undefined;
  /** Whether products use the engine's relaxed multiply-add. */
  readonly fused: boolean;
  /** Where each kernel is called, and timed, by itself. */
  readonly profiler?: Explainer | undefined;
  readonly crew?: Crew | undefined;
  readonly again?: Again | undefined;
}

/** Threads that can share the work of a program. */
export interface Crew {
  /** Bytes of the largest buffers that may take each other's places. */
  mostShared(program: KernelProgram): number;
  /** How this program's kernels are shared out; undefined where all are too small. */
  share(program: KernelProgram): Sharing | undefined;
  /** Has the threads ready to help; what it gives runs a function with their help. */
  enlist(module: WebAssembly.Module, memory: WebAssembly.Memory, control: number): (run: () => void) => void;
  /** Called from within a program that has waited for long. @throws Error if one of the threads has ended. */
  check(): void;
}

/** What a WebAssembly memory with 32-bit addresses can have. */
const mostPages = 65536;

/** @throws RangeError where the engine does not give that much. */
function allocateMemory(limits: MemoryLimits, buffers: readonly Buffer[]): WebAssembly.Memory {
  const size = (pages: number) => `${((pages * page) / 2 ** 20).toFixed(0)} MiB`;
  const fail = (has: string): never => {
    const largest = buffers.reduce((most, one) => (one.size > most.size ? one : most));
    throw new RangeError(
      `compile: out of memory: the program needs ${size(limits.initial)} for its values, ${has}; its largest value is ${largest.dtype} with ${largest.size} elements: take smaller batches, reduce before combining, or recompute with checkpoint(…)`,
    );
  };
  if (limits.initial > mostPages) return fail(`WebAssembly has ${size(mostPages)}`);
  try {
    return new WebAssembly.Memory(limits);
  } catch (reason) {
    if (reason instanceof RangeError) return fail(`the engine has less (${reason.message})`);
    throw reason;
  }
}

type Window = new (buffer: ArrayBuffer, start: number, size: number) => TypedArray;

export const windowOn = ({ buffer }: WebAssembly.Memory, dtype: DType, start: number, size: number): TypedArray =>
  new (allocate(dtype, 0).constructor as Window)(buffer, start, size);

/** Compiles the kernels to one WebAssembly module with a memory of its own, which the garbage collector frees. */
export function webAssemblyExecutable(
  program: KernelProgram,
  plan: Plan,
  { profiler, crew, again, ...options }: WebAssemblyOptions,
): Executable {
  const { buffers, kernels, outputs } = program;
  const sharing = crew?.share(program);
  const assembled = assemble(program, plan, { ...options, apart: !!profiler, sharing, stepping: again?.steps });
  const memory = allocateMemory(assembled.memory, buffers);
  const views = buffers.map(({ dtype, size }, k) =>
    plan.addresses[k] < 0 ? undefined : windowOn(memory, dtype, plan.addresses[k], size),
  );
  const hosts = kernels.map((kernel) => (kernel.kind === "host" ? hostCall(kernel, views) : undefined));
  const module = new WebAssembly.Module(assembled.bytes);
  const host = (k: number): void => outside[k]!();
  const exported = new WebAssembly.Instance(module, { program: { memory, host } }).exports as Loaded["exported"];
  const timed = profiler?.timed(kernels.map((_, k) => hosts[k] ?? exported[kernelName(k)]));
  const outside = [...hosts, timed?.run, () => crew!.check()];
  buffers.forEach(({ initial }, k) => {
    if (initial?.kind === "constant") views[k]?.set(initial.data);
  });
  const run = sharing ? crew!.enlist(module, memory, assembled.control) : (f: () => void) => f();
  const inputs = buffers.flatMap(({ initial }, k) => {
    const view = views[k];
    return initial?.kind === "argument" && view ? [{ view, index: initial.index }] : [];
  });
  const results = outputs.map(({ access: { buffer, layout }, shape, dtype }): Result => {
    const { offset } = layout;
    const view = views[buffer]!.subarray(offset, offset + sizeOf(shape));
    return { view, shape, stride: contiguousStride(shape), dtype };
  });
  const mayFail = !!sharing || hosts.some((call) => call !== undefined);
  return {
    backend: "webassembly",
    moduleBytes: assembled.bytes.length,
    memoryBytes: memory.buffer.byteLength,
    instructions: assembled.instructions,
    ...(timed && { profile: timed.profile }),
    ...(sharing && { shares: sharing.shares }),
    call(tensors, into) {
      for (const { view, index } of inputs) write(view, tensors[index]);
      run(exported.run);
      return results.map((result, k) => copied(result, into?.[k]));
    },
    ...again?.extend({ memory, exported, inputs, results, steps: assembled.steps, mayFail, run }),
  };
}

/** A result in an array of its own, or in this one. */
function copied({ view, dtype, shape, stride }: Result, into: TypedArray | undefined): Tensor {
  const data = into ?? uninitialized(dtype, view.length);
  data.set(view);
  return new Tensor({ data, version: 0 }, dtype, shape, stride, 0);
}

export function write(view: TypedArray, x: Tensor): void {
  const { data, offset } = x;
  if (!isContiguous(x)) copyInto(view, 0, data, x);
  else if (offset === 0 && data.length === view.length) view.set(data);
  else if (view.length === 1) view[0] = data[offset];
  else view.set(data.subarray(offset, offset + view.length));
}

/** Runs a primitive's own evaluation on the program's memory. */
function hostCall(kernel: HostKernel, views: readonly (TypedArray | undefined)[]): () => void {
  const inputs = kernel.inputs.map(
    ({ access: { buffer, layout }, dtype }) =>
      new Tensor({ data: views[buffer]!, version: 0 }, dtype, layout.shape, layout.stride, layout.offset),
  );
  const { primitive, params } = kernel;
  const target = views[kernel.output]!;
  return () => {
    const output = primitive.evaluate(inputs, primitive.infer(inputs, params), params);
    target.set(output.toTypedArray());
  };
}
