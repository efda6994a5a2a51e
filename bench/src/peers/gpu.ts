import type { Input, Kernel } from "gpu.js";
import type { Prepared } from "../harness/family.js";
import { peer } from "../harness/peer.js";
import type { Values } from "../harness/values.js";

export interface Gpu {
  from(values: Values): Input;
  /** A kernel from source, one value a thread. `loopMaxIterations` is set, or loops are cut at 1,000 rounds. */
  kernel(source: string, shape: readonly number[], constants?: Readonly<Record<string, number>>): Kernel;
  computes(run: () => unknown): Prepared;
}

async function load(mode: "cpu" | "webasm"): Promise<Gpu> {
  const { GPU, Input } = await import("gpu.js");
  const gpu = new GPU({ mode });
  return {
    // Sizes run from the fastest axis to the slowest.
    from: ({ data, shape }) =>
      new Input(data instanceof Float64Array ? Float32Array.from(data) : data, [...shape].reverse()),
    kernel: (source, shape, constants = {}) =>
      gpu.createKernel(source, { output: [...shape].reverse(), constants, loopMaxIterations: 10_000_000 }),
    computes: (run) => ({
      run,
      // Promises in some modes and versions; awaiting what is none costs a turn of the queue, so only reading does.
      read: async (result) => [flat((await result) as Rows)],
    }),
  };
}

type Rows = Float32Array | number | readonly Rows[];

const flat = (rows: Rows): number[] =>
  typeof rows === "number" ? [rows] : rows instanceof Float32Array ? Array.from(rows) : rows.flatMap(flat);

export const gpuCpu = peer({
  name: "gpu.js cpu",
  origin: "script",
  library: "gpu",
  slow: "beside its WebAssembly it adds little",
  packages: ["gpu.js"],
  load: () => load("cpu"),
});

export const gpuWebasm = peer({
  name: "gpu.js webasm",
  origin: "script",
  library: "gpu",
  packages: ["gpu.js"],
  load: () => load("webasm"),
});
