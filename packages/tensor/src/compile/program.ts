import type { DType } from "../dtype.js";
import { isUniform, show } from "../layout.js";
import type { Primitive } from "../primitive.js";
import type { Tensor } from "../tensor.js";

/** A value of a program: what it is and how it comes about. Values are numbered in an order of computation. */
export type Value = { readonly shape: readonly number[]; readonly dtype: DType } & (
  | { readonly kind: "argument"; readonly index: number }
  | { readonly kind: "constant"; readonly tensor: Tensor }
  | {
      readonly kind: "apply";
      readonly primitive: Primitive;
      readonly inputs: readonly number[];
      readonly params: unknown;
    }
);

/** A function as the primitives it applies, written down once for given shapes and dtypes. */
export interface Program {
  readonly values: readonly Value[];
  readonly outputs: readonly number[];
}

const printParams = (params: unknown): string =>
  params === undefined
    ? ""
    : ` {${Object.entries(params as object)
        .map(([key, value]) => `${key}: ${JSON.stringify(value)}`)
        .join(", ")}}`;

/** `%2 = add(%0, %1) float32 [3, 4]`, a line a value. */
export function printProgram({ values, outputs }: Program): string {
  const lines = values.map((value, k) => {
    const type = `${value.dtype} ${show(value.shape)}`;
    if (value.kind === "argument") return `%${k} = argument ${value.index} ${type}`;
    if (value.kind === "constant") {
      const { tensor } = value;
      const uniform = isUniform(tensor);
      return `%${k} = constant ${uniform ? tensor.data[tensor.offset] : "…"} ${type}`;
    }
    const inputs = value.inputs.map((input) => `%${input}`).join(", ");
    return `%${k} = ${value.primitive.name}(${inputs})${printParams(value.params)} ${type}`;
  });
  return [...lines, `return ${outputs.map((k) => `%${k}`).join(", ")}`].join("\n");
}

/** @throws Error where a program is not what the passes rely on: inputs before their use, shapes as inferred. */
export function verifyProgram({ values, outputs }: Program, after: string): void {
  const fail = (k: number, why: string): never => {
    throw new Error(`compile: after ${after}, value %${k} ${why}; this is a mistake in the compiler, please report it`);
  };
  values.forEach((value, k) => {
    if (value.kind !== "apply") return;
    for (const input of value.inputs) if (!(input >= 0 && input < k)) fail(k, `uses %${input} before it is computed`);
    const inferred = value.primitive.infer(
      value.inputs.map((input) => values[input]),
      value.params,
    );
    if (show(inferred.shape) !== show(value.shape) || inferred.dtype !== value.dtype)
      fail(k, `has shape ${show(value.shape)} ${value.dtype}, its rule says ${show(inferred.shape)} ${inferred.dtype}`);
  });
  for (const k of outputs) if (!(k >= 0 && k < values.length)) fail(k, "is an output and does not exist");
}
