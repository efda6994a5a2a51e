export type { Threads } from "./build.js";
export { type Compiled, type CompileOptions, compile } from "./compile.js";
export type { Explanation, KernelExplanation, Measured } from "./explain.js";
export type { Limits } from "./limits.js";
export { explainScan, type ScanOptions, type Step, scan } from "./scan.js";
export { type Verifier, verifier } from "./verify.js";
