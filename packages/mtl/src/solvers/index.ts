export type { FitCertificate, Tolerances } from "./certificate.js";
export { type FitLinearOptions, fitLinear, type LinearProblemOptions } from "./fit-linear.js";
export type { LabelledTask } from "./problem.js";
