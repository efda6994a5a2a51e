import { copyInto } from "../copy.js";
import type { DType, TypedArray } from "../dtype.js";
import { contiguousStride, isContiguous, sizeOf } from "../layout.js";
import { uninitialized } from "../memory.js";
import { fromData, Tensor } from "../tensor.js";
import type { Donor } from "./donate.js";
import type { Routines } from "./emit/instructions.js";
import { assemble, kernelName, type Scanning, type Sharing } from "./emit/module.js";
import type { Executable } from "./executable.js";
import type { HostKernel, KernelProgram } from "./kernel.js";
import type { Plan } from "./plan.js";

export interface WebAssemblyOptions {
  readonly routines: Routines;
  /** Whether products use the engine's relaxed multiply-add. */
  readonly fused: boolean;
  /** Whether each kernel is called, and timed, by itself. */
  readonly profile: boolean;
  readonly crew?: Crew | undefined;
  readonly scanning?: Scanning | undefined;
  /** For each result the argument whose array it takes, or −1: where both are planned so that it can stay in memory. */
  readonly donors?: readonly number[] | undefined;
  readonly donor?: Donor | undefined;
}

/** Threads that can share the work of a program. */
export interface Crew {
  /** How this program's kernels are shared out; undefined where all are too small. */
  share(program: KernelProgram): Sharing | undefined;
  /** Has the threads ready to help; what it gives runs a function with their help. */
  enlist(module: WebAssembly.Module, memory: WebAssembly.Memory, control: number): (run: () => void) => void;
  /** Called from within a program that has waited for long. @throws Error if one of the threads has ended. */
  check(): void;
}

const page = 65536;
/** What a WebAssembly memory with 32-bit addresses can have. */
const mostPages = 65536;

/** @throws RangeError where the engine does not give that much. */
function allocateMemory(bytes: number, largest: string, shared: boolean): WebAssembly.Memory {
  const initial = Math.ceil(bytes / page);
  const size = (n: number) => `${(n / 2 ** 20).toFixed(0)} MiB`;
  const fail = (has: string): never => {
    throw new RangeError(
      `compile: out of memory: the program needs ${size(bytes)} for its values, ${has}; its largest value is ${largest}: take smaller batches, reduce before combining, or recompute with checkpoint(…)`,
    );
  };
  if (initial > mostPages) return fail(`WebAssembly has ${size(mostPages * page)}`);
  try {
    return new WebAssembly.Memory(shared ? { initial, maximum: initial, shared } : { initial });
  } catch (reason) {
    if (reason instanceof RangeError) return fail(`the engine has less (${reason.message})`);
    throw reason;
  }
}

function windowOn(memory: WebAssembly.Memory, dtype: DType, start: number, size: number): TypedArray {
  const { buffer } = memory;
  switch (dtype) {
    case "float32":
      return new Float32Array(buffer, start, size);
    case "float64":
      return new Float64Array(buffer, start, size);
    case "int32":
      return new Int32Array(buffer, start, size);
    case "uint8":
      return new Uint8Array(buffer, start, size);
  }
}

/** Compiles the kernels to one WebAssembly module with a memory of its own, which the garbage collector frees. */
export function webAssemblyExecutable(program: KernelProgram, plan: Plan, options: WebAssemblyOptions): Executable {
  const { buffers, kernels, outputs } = program;
  const sharing = options.crew?.share(program);
  const assembled = assemble(program, plan, { ...options, apart: options.profile, sharing });
  const largest = buffers.reduce((most, one) => (one.size > most.size ? one : most), { dtype: "float32", size: 0 });
  const memory = allocateMemory(assembled.memory, `${largest.dtype} with ${largest.size} elements`, !!sharing);
  const views = buffers.map(({ dtype, size }, k) =>
    plan.addresses[k] < 0 ? undefined : windowOn(memory, dtype, plan.addresses[k], size),
  );
  const hosts = kernels.map((kernel) => (kernel.kind === "host" ? hostCall(kernel, views) : undefined));
  const host = (k: number): void => {
    if (k < kernels.length) hosts[k]!();
    else if (k === kernels.length) timedRun!();
    else options.crew!.check();
  };
  const module = new WebAssembly.Module(assembled.bytes);
  const instance = new WebAssembly.Instance(module, { program: { memory, host } });
  const profile = options.profile ? { calls: 0, milliseconds: new Float64Array(kernels.length) } : undefined;
  const exported = instance.exports as unknown as Readonly<Record<string, () => void>>;
  const timedRun =
    profile &&
    timed(
      kernels.map((_, k) => hosts[k] ?? exported[kernelName(k)]),
      profile,
    );
  const together = sharing && options.crew!.enlist(module, memory, assembled.control);
  const run = together ? () => together(exported.run) : exported.run;
  buffers.forEach(({ initial }, k) => {
    if (initial?.kind === "constant") views[k]?.set(initial.data);
  });
  const inputs = buffers.flatMap(({ initial }, k) =>
    initial?.kind === "argument" ? [{ view: views[k], index: initial.index }] : [],
  );
  const results = outputs.map(({ access: { buffer, layout }, shape, dtype }) => {
    const whole = views[buffer]!;
    const { offset } = layout;
    return { view: whole.subarray(offset, offset + sizeOf(shape)), shape, stride: contiguousStride(shape), dtype };
  });
  const viewOf = (argument: number): TypedArray | undefined => inputs.find(({ index }) => index === argument)?.view;
  const pairs = options.donors?.flatMap((argument, result) =>
    argument < 0 ? [] : [{ result, argument, to: viewOf(argument) }],
  );
  const residents =
    pairs && options.donor!.residents(pairs, outputs.length, !!sharing || kernels.some(({ kind }) => kind === "host"));
  return {
    backend: "webassembly",
    moduleBytes: assembled.bytes.length,
    memoryBytes: memory.buffer.byteLength,
    instructions: assembled.instructions,
    ...(profile && { profile }),
    ...(sharing && { shares: sharing.shares }),
    call(tensors, into) {
      const here = residents?.enter(tensors);
      for (const { view, index } of inputs) if (view && !here?.[index]) write(view, tensors[index]);
      run();
      const made: Tensor[] = [];
      for (let k = 0; k < results.length; k++) {
        const { view, shape, stride, dtype } = results[k];
        const target = into?.[k];
        if (target && residents) made.push(new Tensor(residents.keep(k, target, view), dtype, shape, stride, 0));
        else {
          const data = target ?? uninitialized(dtype, view.length);
          data.set(view);
          made.push(fromData(data, dtype, shape));
        }
      }
      return made;
    },
    ...(assembled.steps && {
      inside: {
        plan: assembled.steps,
        results,
        enter(state) {
          state.forEach((x, k) => {
            const view = viewOf(k);
            if (view) write(view, x);
          });
        },
        window: (dtype, start, size) => windowOn(memory, dtype, start, size),
        steps(count, isFirst) {
          const { steps } = instance.exports as unknown as { steps(count: number, isFirst: number): void };
          if (together) together(() => steps(count, isFirst));
          else steps(count, isFirst);
        },
      },
    }),
  };
}

function timed(functions: readonly (() => void)[], profile: { calls: number; milliseconds: Float64Array }): () => void {
  return () => {
    profile.calls++;
    for (let k = 0; k < functions.length; k++) {
      const start = performance.now();
      functions[k]();
      profile.milliseconds[k] += performance.now() - start;
    }
  };
}

function write(view: TypedArray, x: Tensor): void {
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
