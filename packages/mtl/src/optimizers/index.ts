export { type AdaGradOptions, adaGrad } from "./ada-grad.js";
export { type AdamOptions, type AdamWOptions, adam, adamW } from "./adam.js";
export { averaging, movingAverage } from "./averaging.js";
export { clipByNorm, clipByValue, structureNorm } from "./clipping.js";
export { type LbfgsOptions, lbfgs } from "./lbfgs.js";
export { type LionOptions, lion } from "./lion.js";
export { type MinimizeOptions, type Minimum, minimize } from "./minimize.js";
export type { Optimizer, OptimizerState, PlateauState, Schedule, SearchState, Updated } from "./optimizer.js";
export type { Curvature } from "./quasi-newton.js";
export { type RmsPropOptions, rmsProp } from "./rms-prop.js";
export {
  constantRate,
  cosineRate,
  onPlateau,
  type PlateauOptions,
  plateau,
  stepRate,
  warmUp,
} from "./schedules.js";
export { type SgdOptions, sgd } from "./sgd.js";
