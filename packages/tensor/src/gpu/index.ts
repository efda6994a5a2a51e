export type { GpuCompiled, GpuCompileOptions } from "./compile.js";
export { type GpuDevice, type GpuOptions, openGpu } from "./device.js";
export type { Backend, DeviceExplanation, KernelExplanation, ProgramExplanation } from "./explain.js";
export { UnsupportedOnGpu } from "./unsupported.js";
