import { bytesPerElement } from "../dtype.js";
import { sizeOf } from "../layout.js";
import { linearizeAll } from "../scalar/linearize.js";
import type { Stages } from "./build.js";
import type { Executable } from "./executable.js";
import { type Kernel, printKernels } from "./kernel.js";
import { readBy, writtenBy } from "./plan.js";
import { printProgram } from "./program.js";

/** One kernel of a program. */
export interface KernelExplanation {
  readonly kind: Kernel["kind"];
  /** The values of the recorded program that it computes. */
  readonly label: string;
  /** Arithmetic operations in a call. */
  readonly operations: number;
  /** Bytes of the buffers that it reads and writes, each counted once. */
  readonly bytes: number;
}

export interface Explanation {
  readonly backend: Executable["backend"];
  readonly kernels: readonly KernelExplanation[];
  readonly moduleBytes: number;
  readonly instructions: number;
  readonly memoryBytes: number;
  /** Bytes of the plan for all values, and the most that are needed at one time. */
  readonly arenaBytes: number;
  readonly largestLiveBytes: number;
  /** The program after simplification, and its kernels, as text. */
  readonly program: string;
  readonly loops: string;
  toString(): string;
}

function operationsOf(kernel: Kernel): number {
  if (kernel.kind === "host") return 0;
  if (kernel.kind === "product")
    return 2 * kernel.m * kernel.k * kernel.n * kernel.outer.reduce((total, { size }) => total * size, 1);
  const bodies = kernel.phases.flat().map(({ value }) => value);
  const { steps } = linearizeAll(
    bodies,
    kernel.sources.map(() => "float"),
  );
  const folds = kernel.phases.flat().filter(({ kind }) => kind === "fold").length;
  return sizeOf(kernel.shape) * (steps.filter(({ kind }) => kind === "operation").length + folds);
}

export function explain(executable: Executable, stages: Stages): Explanation {
  const { kernels, plan } = stages;
  const bytes = (buffer: number): number =>
    kernels!.buffers[buffer].size * bytesPerElement[kernels!.buffers[buffer].dtype];
  const rows = (kernels?.kernels ?? []).map(
    (kernel): KernelExplanation => ({
      kind: kernel.kind,
      label: kernel.label,
      operations: operationsOf(kernel),
      bytes: [...new Set([...readBy(kernel), ...writtenBy(kernel)])].reduce(
        (total, buffer) => total + bytes(buffer),
        0,
      ),
    }),
  );
  const { backend, moduleBytes, instructions, memoryBytes } = executable;
  return {
    backend,
    kernels: rows,
    moduleBytes,
    instructions,
    memoryBytes,
    arenaBytes: plan?.bytes ?? 0,
    largestLiveBytes: plan?.largestLive ?? 0,
    program: printProgram(stages.simplified),
    loops: kernels ? printKernels(kernels) : "",
    toString: () =>
      [
        `${backend}: ${rows.length} kernels, ${instructions} instructions in ${moduleBytes} bytes, arena ${plan?.bytes ?? 0} bytes`,
        ...rows.map(
          ({ kind, label, operations, bytes: moved }) =>
            `  ${kind}: ${label}: ${operations} operations, ${moved} bytes`,
        ),
      ].join("\n"),
  };
}
