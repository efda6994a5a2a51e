import {
  type FunctionHandle,
  i32,
  type MemoryLimits,
  ModuleBuilder,
  type Operand,
} from "../../wasm/assembler/index.js";
import type { Site } from "../../wasm/math/shape.js";
import { productWorkspace } from "../../wasm/product/index.js";
import type { Stepping } from "../again.js";
import type { Convolver } from "../convolve.js";
import type { Kernel, KernelProgram, ProductKernel } from "../kernel.js";
import type { Plan } from "../plan.js";
import type { StepPlan } from "../steps.js";
import type { Routines } from "./instructions.js";
import { emitLoops } from "./loops.js";
import { emitProduct } from "./product.js";
import type { Share } from "./share.js";

export interface Assembled {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly instructions: number;
  /** What memory the module needs: the plan's, and what products pack their operands into. */
  readonly memory: MemoryLimits;
  /** Where the words stand by which threads agree. */
  readonly control: number;
  readonly steps: StepPlan | undefined;
}

const aligned = (bytes: number): number => Math.ceil(bytes / 64) * 64;

/** What memory is counted in. */
export const page = 65536;
/** Reads as whole vectors may go a little beyond the last buffer. */
const margin = 256;

export interface AssembleOptions {
  readonly routines: Routines;
  readonly convolver?: Convolver | undefined;
  /** Whether products use the engine's relaxed multiply-add. */
  readonly fused: boolean;
  /** Whether kernels are exported too, to be called one by one. */
  readonly apart: boolean;
  readonly sharing?: Sharing | undefined;
  readonly stepping?: Stepping | undefined;
}

/** How kernels are shared out among threads. */
export interface Sharing {
  readonly threads: number;
  /** In how many shares each kernel is run. */
  readonly shares: readonly number[];
  /** Bytes of the words by which threads agree. */
  readonly controlBytes: number;
  /** Defines for each kernel of several shares a function that has all threads run it. */
  emit(frame: Frame): readonly (FunctionHandle | undefined)[];
}

/** What code that shares kernels out is given to write with. */
export interface Frame {
  readonly module: ModuleBuilder;
  readonly kernels: readonly Kernel[];
  /** Where the words stand by which threads agree. */
  readonly control: number;
  /** Where the first thread keeps what it packs, and how many bytes each has for it, one after the other. */
  readonly first: number;
  readonly own: number;
  emitKernel(site: Site, kernel: Kernel, place: Operand, share?: Share): void;
  /** Calls out, by number: after the kernels and what times them comes `Crew.check`. */
  readonly host: FunctionHandle;
  /** Whether kernels are exported too, to be called one by one. */
  readonly apart: boolean;
}

export const kernelName = (k: number): string => `kernel ${k}`;

/**
 * One WebAssembly module for the whole program: a function a kernel, `run`, which calls them in order, and where there
 * is something to scan `steps`, which runs many times.
 */
export function assemble(
  program: KernelProgram,
  plan: Plan,
  { routines, convolver, fused, apart, sharing, stepping }: AssembleOptions,
): Assembled {
  const { kernels } = program;
  const { addresses, bytes } = plan;
  const products = kernels.filter((kernel): kernel is ProductKernel => kernel.kind === "product");
  const first = aligned(bytes);
  const patches = aligned((convolver?.patchBytes(products) ?? 0) + margin);
  const packed = Math.max(0, ...products.map(({ dtype }) => productWorkspace(dtype)));
  const own = aligned(patches + packed + margin);
  const control = first + own * (sharing?.threads ?? 1);
  const ownBytes = control + (sharing?.controlBytes ?? 0);
  const steps = stepping?.plan(program, plan, ownBytes);
  const module = new ModuleBuilder();
  const initial = Math.ceil((steps?.end ?? ownBytes) / page);
  // Shared memory has to say how far it may grow: not at all.
  const memory = sharing ? { initial, maximum: initial, shared: true } : { initial };
  module.importMemory("program", "memory", memory);
  const host = module.importFunction("program", { name: "host", parameters: ["i32"], results: [] });
  const address = (buffer: number): number => addresses[buffer];
  const frame: Frame = {
    module,
    kernels,
    control,
    apart,
    host,
    first,
    own,
    emitKernel(site, kernel, place, share) {
      if (kernel.kind === "loops") emitLoops(site, kernel, address, routines, share);
      else if (kernel.kind === "product") {
        const workspace = typeof place === "number" ? place + patches : i32.add(place, patches);
        emitProduct(site, kernel, address, { workspace, patch: place, fused, convolver }, share);
      }
    },
  };
  const shared = sharing?.emit(frame) ?? [];
  const functions = kernels.map((kernel, k) => {
    if (kernel.kind === "host" || shared[k]) return shared[k];
    return module.function({ name: kernelName(k), parameters: [], results: [], exported: apart }, (f): undefined => {
      frame.emitKernel({ module, f }, kernel, first);
    });
  });
  const run = module.function({ name: "run", parameters: [], results: [], exported: true }, (f): undefined => {
    // Outside, each is timed by itself.
    if (apart) f.callInto([], host, kernels.length);
    else
      functions.forEach((handle, k) => {
        if (handle) f.callInto([], handle);
        else f.callInto([], host, k);
      });
  });
  if (steps) stepping!.emit(module, run, steps);
  return { bytes: module.encode(), instructions: module.instructions, memory, control, steps };
}
