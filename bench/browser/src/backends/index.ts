import type { Backend } from "./backend.js";
import { webgl2, webgpu } from "./gpu.js";
import { javascript, threaded, webassembly } from "./kinship.js";
import { tfjsWebGl, tfjsWebGpu } from "./tfjs.js";

/** Every way to compute, in the order in which they are shown. The first is what all others are compared with. */
export const backends: readonly Backend[] = [javascript, webassembly, threaded, webgl2, webgpu, tfjsWebGl, tfjsWebGpu];
