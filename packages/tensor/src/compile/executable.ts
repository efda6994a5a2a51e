import type { DType, TypedArray } from "../dtype.js";
import { isContiguous, sizeOf } from "../layout.js";
import { fromData, Tensor } from "../tensor.js";
import { assemble } from "./emit/module.js";
import type { HostKernel, KernelProgram } from "./kernel.js";
import type { Plan } from "./plan.js";
import type { Program } from "./program.js";

/** A program that can be called: tensors in, tensors out. */
export interface Executable {
  readonly backend: "webassembly" | "evaluator";
  /** Bytes of the module and of its memory, and how many instructions it has; 0 on the evaluator. */
  readonly moduleBytes: number;
  readonly memoryBytes: number;
  readonly instructions: number;
  call(inputs: readonly Tensor[]): Tensor[];
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
export function webAssemblyExecutable(program: KernelProgram, plan: Plan, fused: boolean): Executable {
  const { buffers, kernels, outputs } = program;
  const assembled = assemble(program, plan, fused);
  const memory = new WebAssembly.Memory({ initial: Math.ceil(assembled.memory / 65536) });
  const views = buffers.map(({ dtype, size }, k) =>
    plan.addresses[k] < 0 ? undefined : windowOn(memory, dtype, plan.addresses[k], size),
  );
  const hosts = kernels.map((kernel) => (kernel.kind === "host" ? hostCall(kernel, views) : undefined));
  const module = new WebAssembly.Module(assembled.bytes);
  const instance = new WebAssembly.Instance(module, { program: { memory, host: (k: number) => hosts[k]!() } });
  const run = instance.exports.run as () => void;
  buffers.forEach(({ initial }, k) => {
    if (initial?.kind === "constant") views[k]?.set(initial.data);
  });
  const inputs = buffers.flatMap(({ initial }, k) =>
    initial?.kind === "argument" && views[k] ? [{ view: views[k], index: initial.index }] : [],
  );
  const results = outputs.map(({ access, shape, dtype }) => ({
    view: views[access.buffer]!,
    start: access.layout.offset,
    end: access.layout.offset + sizeOf(shape),
    shape,
    dtype,
  }));
  return {
    backend: "webassembly",
    moduleBytes: assembled.bytes.length,
    memoryBytes: memory.buffer.byteLength,
    instructions: assembled.instructions,
    call(tensors) {
      for (const { view, index } of inputs) write(view, tensors[index]);
      run();
      return results.map(({ view, start, end, shape, dtype }) => fromData(view.slice(start, end), dtype, shape));
    },
  };
}

function write(view: TypedArray, x: Tensor): void {
  const { data, offset } = x;
  if (!isContiguous(x)) view.set(x.toTypedArray());
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

/** The same program value by value, where WebAssembly is not to be had. */
export function evaluatorExecutable({ values, outputs }: Program): Executable {
  return {
    backend: "evaluator",
    moduleBytes: 0,
    memoryBytes: 0,
    instructions: 0,
    call(tensors) {
      const done: Tensor[] = [];
      for (const value of values) {
        if (value.kind === "argument") done.push(tensors[value.index]);
        else if (value.kind === "constant") done.push(value.tensor);
        else {
          const inputs = value.inputs.map((k) => done[k]);
          done.push(value.primitive.evaluate(inputs, value, value.params));
        }
      }
      return outputs.map((k) => fromData(done[k].toTypedArray(), done[k].dtype, done[k].shape));
    },
  };
}
