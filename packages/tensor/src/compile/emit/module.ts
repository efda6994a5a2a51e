import { i32, ModuleBuilder } from "../../wasm/assembler/index.js";
import { productWorkspace } from "../../wasm/product/index.js";
import type { KernelProgram, ProductKernel } from "../kernel.js";
import type { Plan } from "../plan.js";
import { emitLoops } from "./loops.js";
import { emitProduct, patchBytes } from "./product.js";

export interface Assembled {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly instructions: number;
  /** Bytes of memory that the module needs: the plan's, and what products pack their operands into. */
  readonly memory: number;
}

const aligned = (bytes: number): number => Math.ceil(bytes / 64) * 64;

/** Reads as whole vectors may go a little beyond the last buffer. */
const margin = 256;

export interface AssembleOptions {
  /** Whether products use the engine's relaxed multiply-add. */
  readonly fused: boolean;
  /** Whether kernels are exported too, to be called one by one. */
  readonly apart: boolean;
}

/** One WebAssembly module for the whole program: a function a kernel, and `run`, which calls them in order. */
export function assemble(
  { kernels }: KernelProgram,
  { addresses, bytes }: Plan,
  { fused, apart }: AssembleOptions,
): Assembled {
  const products = kernels.filter((kernel): kernel is ProductKernel => kernel.kind === "product");
  const patch = aligned(bytes);
  const workspace = aligned(patch + patchBytes(products) + margin);
  const packed = Math.max(0, ...products.map(({ dtype }) => productWorkspace(dtype)));
  const memory = workspace + packed + margin;

  const module = new ModuleBuilder();
  module.importMemory("program", "memory", { initial: Math.ceil(memory / 65536) });
  const host = module.importFunction("program", { name: "host", parameters: ["i32"], results: [] });
  const address = (buffer: number): number => addresses[buffer];
  const functions = kernels.map((kernel, k) => {
    if (kernel.kind === "host") return undefined;
    return module.function({ name: `kernel ${k}`, parameters: [], results: [], exported: apart }, (f): undefined => {
      if (kernel.kind === "loops") emitLoops({ module, f }, kernel, address);
      else
        emitProduct({ module, f }, kernel, address, {
          workspace: i32.const(workspace),
          patch: i32.const(patch),
          fused,
        });
    });
  });
  module.function({ name: "run", parameters: [], results: [], exported: true }, (f): undefined => {
    functions.forEach((handle, k) => {
      if (handle) f.callInto([], handle);
      else f.callInto([], host, i32.const(k));
    });
  });
  return { bytes: module.encode(), instructions: module.instructions, memory };
}
