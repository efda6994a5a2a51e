/**
 * The mathematical routines by name, each defined in a module the first time it is asked for.
 *
 * The bound for each is 2 units in the last place. The worst seen, in such units: float32 over every 61st of the 2³² bit
 * patterns, and 20 million pairs (the tests with KINSHIP_DEEP=1 go through all patterns); float64 over some 1,500
 * arguments of all magnitudes.
 *
 *     exp       float32 0.98   float64 0.88
 *     expm1     float32 1.58   float64 1.80
 *     log       float32 0.83   float64 0.74
 *     log1p     float32 0.82   float64 0.74
 *     sigmoid   float32 1.87   float64 1.16
 *     softplus  float32 1.63   float64 1.19
 *     tanh      float32 1.84   float64 1.70
 *     sinh      float32 1.85   float64 1.91
 *     cosh      float32 1.81   float64 0.96
 *     sin       float32 0.50   float64 0.74
 *     cos       float32 0.50   float64 0.66
 *     tan       float32 0.50   float64 0.70
 *     asin      float32 0.67   float64 0.55
 *     acos      float32 0.62   float64 0.53
 *     atan      float32 1.88   float64 1.71
 *     erf       float32 0.50   float64 1.17
 *     erfc      float32 0.51   float64 1.32
 *     gelu      float32 0.51   float64 1.39
 *     rsqrt     float32 1.49   float64 1.31
 *     pow       float32 0.50   float64 0.82
 *     atan2     float32 1.92   float64 1.06
 */

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
