// What a compiler can be made of, by the names of the scalar instructions: `compiler({ routines: { exp, tanh } })`.

export { erfRoutine as erf, geluRoutine as gelu } from "./errorFunction.js";
export { expm1Routine as expm1, expRoutine as exp } from "./exponential.js";
export { coshRoutine as cosh, sinhRoutine as sinh, tanhRoutine as tanh } from "./hyperbolic.js";
export { acosRoutine as acos, asinRoutine as asin, atan2Routine as atan2, atanRoutine as atan } from "./inverse.js";
export { log1pRoutine as log1p, logRoutine as log } from "./logarithm.js";
export { sigmoidRoutine as sigmoid, softplusRoutine as softplus } from "./logistic.js";
export { powRoutine as pow, rsqrtRoutine as rsqrt } from "./power.js";
export { cosRoutine as cos, sinRoutine as sin, tanRoutine as tan } from "./trigonometric.js";
