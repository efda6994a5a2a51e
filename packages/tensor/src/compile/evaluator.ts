import { allocate, type TypedArray } from "../dtype.js";
import { contiguousStride, type Layout, sizeOf } from "../layout.js";
import { fromData, Tensor, viewOf } from "../tensor.js";
import type { Executable, Rows } from "./executable.js";
import type { Program } from "./program.js";

/** The first axis taken off: the layout of row k. */
export const rowLayout = ({ shape, stride, offset }: Layout, k: number): Layout => ({
  shape: shape.slice(1),
  stride: stride.slice(1),
  offset: offset + k * stride[0],
});

/** Room for `count` tensors like this one. */
export function stackOf({ dtype, shape }: Pick<Tensor, "dtype" | "shape">, count: number): Tensor {
  const all = [count, ...shape];
  return new Tensor({ data: allocate(dtype, sizeOf(all)), version: 0 }, dtype, all, contiguousStride(all), 0);
}

function run({ values, outputs }: Program, tensors: readonly Tensor[]): readonly Tensor[] {
  const done: Tensor[] = [];
  for (const value of values) {
    if (value.kind === "argument") done.push(tensors[value.index]);
    else if (value.kind === "constant") done.push(value.tensor);
    else {
      const inputs = value.inputs.map((k) => done[k]);
      done.push(value.primitive.evaluate(inputs, value, value.params));
    }
  }
  return outputs.map((k) => done[k]);
}

/** A copy in memory of its own, or in the array that is given. */
function owned(x: Tensor, into: TypedArray | undefined): Tensor {
  const values = x.toTypedArray();
  into?.set(values);
  return fromData(into ?? values, x.dtype, x.shape);
}

/** The program value by value, where WebAssembly is not to be had. */
export function evaluatorExecutable(program: Program): Executable {
  return {
    backend: "evaluator",
    moduleBytes: 0,
    memoryBytes: 0,
    instructions: 0,
    call(tensors, into) {
      // All are read before the first is written: results may be views of arguments that were donated.
      const results = run(program, tensors).map((x) => owned(x, undefined));
      return into ? results.map((x, k) => (into[k] ? owned(x, into[k]) : x)) : results;
    },
    scan(state, { count, batches, between }: Rows) {
      let carried = state;
      const signatures = program.outputs.slice(state.length).map((k) => program.values[k]);
      const stacks = signatures.map((signature) => stackOf(signature, count));
      for (let k = 0; k < count; k++) {
        const results = run(program, [...carried, ...batches.map((x) => viewOf(x, rowLayout(x, k)))]);
        carried = results.slice(0, state.length);
        stacks.forEach((stack, n) => {
          const values = results[state.length + n].toTypedArray();
          stack.data.set(values, k * values.length);
        });
        between?.(k + 1);
      }
      return [...carried.map((x) => owned(x, undefined)), ...stacks];
    },
  };
}
