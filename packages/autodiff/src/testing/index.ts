export { type CheckOptions, checkDerivatives } from "./check.js";
export { type Difference, differentiate } from "./differences.js";
export { checkGradient, type PlainOptions } from "./plain.js";
export { DerivativeError } from "./report.js";
