/**
 * All mathematical routines by the names of the scalar instructions that they compute.
 *
 * The bound for each is 2 units in the last place. The worst seen, in such units: float32 over all 2³² bit patterns
 * (`npm run test:deep` goes through them), of pow and atan2 over 20 million pairs; float64 over some 1,500 arguments of
 * all magnitudes.
 *
 *     exp       float32 0.98   float64 0.88
 *     expm1     float32 1.49   float64 1.51
 *     log       float32 0.84   float64 0.74
 *     log1p     float32 0.87   float64 0.74
 *     sigmoid   float32 1.97   float64 1.35
 *     softplus  float32 1.68   float64 1.09
 *     tanh      float32 1.86   float64 1.19
 *     sinh      float32 1.99   float64 1.91
 *     cosh      float32 1.88   float64 0.96
 *     sin       float32 0.51   float64 0.74
 *     cos       float32 0.51   float64 0.66
 *     tan       float32 0.51   float64 0.70
 *     asin      float32 0.68   float64 0.55
 *     acos      float32 0.64   float64 0.53
 *     atan      float32 1.95   float64 1.71
 *     erf       float32 0.51   float64 0.88
 *     gelu      float32 0.51   float64 1.46
 *     rsqrt     float32 1.49   float64 1.31
 *     pow       float32 0.50   float64 0.82
 *     atan2     float32 1.92   float64 1.06
 */

import type { FunctionHandle, ModuleBuilder } from "../assembler/index.js";
import { erfRoutine, geluRoutine } from "./errorFunction.js";
import { expm1Routine, expRoutine } from "./exponential.js";
import { coshRoutine, sinhRoutine, tanhRoutine } from "./hyperbolic.js";
import { acosRoutine, asinRoutine, atan2Routine, atanRoutine } from "./inverse.js";
import { log1pRoutine, logRoutine } from "./logarithm.js";
import { sigmoidRoutine, softplusRoutine } from "./logistic.js";
import { powRoutine, rsqrtRoutine } from "./power.js";
import { type Routine, routineFunction } from "./shape.js";
import { cosRoutine, sinRoutine, tanRoutine } from "./trigonometric.js";

export type { Body, Routine, Site } from "./shape.js";

const unary = {
  exp: expRoutine,
  expm1: expm1Routine,
  log: logRoutine,
  log1p: log1pRoutine,
  sigmoid: sigmoidRoutine,
  softplus: softplusRoutine,
  tanh: tanhRoutine,
  sinh: sinhRoutine,
  cosh: coshRoutine,
  sin: sinRoutine,
  cos: cosRoutine,
  tan: tanRoutine,
  asin: asinRoutine,
  acos: acosRoutine,
  atan: atanRoutine,
  erf: erfRoutine,
  gelu: geluRoutine,
  rsqrt: rsqrtRoutine,
};
const binary = { pow: powRoutine, atan2: atan2Routine };

export type UnaryRoutineName = keyof typeof unary;
export type BinaryRoutineName = keyof typeof binary;
export type RoutineName = UnaryRoutineName | BinaryRoutineName;

export const mathRoutines: Readonly<Record<RoutineName, Routine>> = /* @__PURE__ */ (() => ({ ...unary, ...binary }))();

export const unaryRoutineNames = /* @__PURE__ */ Object.keys(unary) as UnaryRoutineName[];
export const binaryRoutineNames = /* @__PURE__ */ Object.keys(binary) as BinaryRoutineName[];

/** A routine by its name, as a function of the module. */
export const mathRoutine = (module: ModuleBuilder, name: RoutineName, dtype: "float32" | "float64"): FunctionHandle =>
  routineFunction(module, { name, arity: name in binary ? 2 : 1 }, mathRoutines[name], dtype);
