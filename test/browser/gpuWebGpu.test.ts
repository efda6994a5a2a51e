import { gpuTests } from "./gpu.js";

await gpuTests("webgpu");
