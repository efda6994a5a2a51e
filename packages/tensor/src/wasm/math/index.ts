/** The mathematical routines by name, each defined in a module the first time it is asked for. */

import type { FunctionHandle, ModuleBuilder } from "../assembler/index.js";
import { errorFunction } from "./errorFunction.js";
import { exponential } from "./exponential.js";
import { hyperbolic } from "./hyperbolic.js";
import { inverse, inverseBinary } from "./inverse.js";
import { logarithm } from "./logarithm.js";
import { logistic } from "./logistic.js";
import { power, root } from "./power.js";
import type { Routine } from "./shape.js";
import { trigonometric } from "./trigonometric.js";

export type { Body, Routine, Site } from "./shape.js";

const unary = {
  ...exponential,
  ...logarithm,
  ...logistic,
  ...hyperbolic,
  ...trigonometric,
  ...inverse,
  ...errorFunction,
  ...root,
};
const binary = { ...power, ...inverseBinary };

export type UnaryRoutineName = keyof typeof unary;
export type BinaryRoutineName = keyof typeof binary;
export type RoutineName = UnaryRoutineName | BinaryRoutineName;

export const mathRoutines: Readonly<Record<RoutineName, Routine>> = { ...unary, ...binary };

export const unaryRoutineNames = Object.keys(unary) as UnaryRoutineName[];
export const binaryRoutineNames = Object.keys(binary) as BinaryRoutineName[];

/**
 * The routine as a function of the module, v128 → v128 or (v128, v128) → v128, for four float32 or two float64 lanes.
 * To write its body in line instead, call `mathRoutines[name][dtype]({ module, f }, ...locals)`.
 */
export function mathRoutine(module: ModuleBuilder, name: RoutineName, dtype: "float32" | "float64"): FunctionHandle {
  return module.routine(`${name}.${dtype}`, () => {
    const parameters = name in binary ? (["v128", "v128"] as const) : (["v128"] as const);
    return module.function({ name: `${name}.${dtype}`, parameters, results: ["v128"] }, (f, ...values) =>
      mathRoutines[name][dtype]({ module, f }, ...values),
    );
  });
}
