export type { FitCertificate, Tolerances } from "./certificate.js";
export {
  type CrossValidateLinearOptions,
  crossValidateLinear,
  fitLinearByCrossValidation,
  type LinearCrossValidation,
  type LinearPathPoint,
} from "./cross-validate.js";
export { type FitLinearOptions, fitLinear, type LinearProblemOptions } from "./fit-linear.js";
export type { FoldScheme } from "./fold-plan.js";
export { fitNoiseLevels, type NoiseLevels, type NoiseLevelsOptions } from "./noise-levels.js";
export { fitPath, type PathOptions } from "./path.js";
export type { LabelledTask } from "./problem.js";
export { grid, type Range as SearchRange, randomSearch } from "./search-space.js";
