import type { TypedArray } from "../dtype.js";
import { fromData, type Tensor } from "../tensor.js";
import type { Executable } from "./executable.js";
import type { Program } from "./program.js";

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
  };
}
