export type { Threads } from "./build.js";
export { type Compile, type Compiled, type CompileOptions, compile, compiler } from "./compile.js";
export type { Routines } from "./emit/instructions.js";
export type { Explainer, Explanation, KernelExplanation, Measured } from "./explain.js";
export type { Limits } from "./limits.js";
export { explainer, type Parts } from "./parts.js";
export { explainScan, type ScanOptions, type Step, scan } from "./scan.js";
export { type Streamer, streamer } from "./stream.js";
export { type Verifier, verifier } from "./verify.js";
