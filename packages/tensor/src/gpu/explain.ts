import type { Mode } from "./library.js";
import type { DeviceProgram } from "./lower.js";

/** How a device computes: by WebGPU or WebGL2; by GPU.js's own WebAssembly or JavaScript; or not at all: on the CPU. */
export type Backend = "webgpu" | "webgl2" | "webassembly" | "javascript" | "cpu";

export const backendOf: Readonly<Record<Mode, Backend>> = {
  webgpu: "webgpu",
  webgl2: "webgl2",
  webasm: "webassembly",
  cpu: "javascript",
};

export interface KernelExplanation {
  /** The values of the recorded program that it computes. */
  readonly label: string;
  /** Elements of its result. */
  readonly cells: number;
  /** Arrays that it reads. */
  readonly reads: number;
  /** In the language of GPU.js. */
  readonly source: string;
}

export interface ProgramExplanation {
  readonly backend: Backend;
  /** Why the program runs on the CPU; undefined where it does not. */
  readonly fallback: string | undefined;
  readonly kernels: readonly KernelExplanation[];
  toString(): string;
}

export function programExplanation(
  mode: Mode | "cpu",
  fallback: string | undefined,
  program: DeviceProgram | undefined,
): ProgramExplanation {
  const backend = fallback === undefined ? backendOf[mode] : "cpu";
  const kernels = (program?.kernels ?? []).map(
    ({ label, cells, reads, source, keeps }): KernelExplanation => ({
      label,
      cells,
      reads: reads.length + Number(keeps),
      source,
    }),
  );
  return {
    backend,
    fallback,
    kernels,
    toString: () =>
      [
        fallback === undefined ? `${backend}: ${kernels.length} kernels` : `cpu, because: ${fallback}`,
        ...kernels.map(({ label, cells, reads }) => `  ${label}: ${cells} cells, reading ${reads} arrays`),
      ].join("\n"),
  };
}

export interface DeviceExplanation {
  readonly backend: Backend;
  /** Why everything runs on the CPU; undefined where it does not. */
  readonly fallback: string | undefined;
  /** Kernels that are compiled now. */
  readonly kernels: number;
  /** Kernels run, arrays sent there and arrays read back since it was opened; arrays that are there now. */
  readonly runs: number;
  readonly uploads: number;
  readonly readbacks: number;
  readonly arrays: number;
  toString(): string;
}

export function deviceExplanation(
  backend: Backend,
  fallback: string | undefined,
  numbers: Pick<DeviceExplanation, "kernels" | "runs" | "uploads" | "readbacks" | "arrays">,
): DeviceExplanation {
  const { kernels, runs, uploads, readbacks, arrays } = numbers;
  return {
    backend,
    fallback,
    ...numbers,
    toString: () =>
      fallback === undefined
        ? `${backend}: ${kernels} kernels, run ${runs} times; ${uploads} arrays sent, ${readbacks} read back, ${arrays} there now`
        : `cpu, because: ${fallback}`,
  };
}
