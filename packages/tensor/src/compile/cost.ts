import { bytesPerElement } from "../dtype.js";
import { sizeOf } from "../layout.js";
import { linearizeAll } from "../scalar/linearize.js";
import type { Instruction } from "../scalar/scalar.js";
import type { Buffer, Kernel } from "./kernel.js";
import { readBy, writtenBy } from "./plan.js";

/** Arithmetic operations of a kernel in a call; an instruction counts as one, or as many as `weight` says. */
export function operationsOf(kernel: Kernel, weight: (instruction: Instruction) => number = () => 1): number {
  if (kernel.kind === "host") return 0;
  if (kernel.kind === "product")
    return 2 * kernel.m * kernel.k * kernel.n * sizeOf(kernel.outer.map(({ size }) => size));
  const statements = kernel.phases.flat();
  const { steps } = linearizeAll(
    statements.map(({ value }) => value),
    kernel.sources.map(() => "float"),
  );
  const each = steps.reduce((total, step) => total + (step.kind === "operation" ? weight(step.instruction) : 0), 0);
  return sizeOf(kernel.shape) * (each + statements.filter(({ kind }) => kind === "fold").length);
}

/** Bytes of the buffers that a kernel reads and writes, each counted once. */
export const bytesOf = (kernel: Kernel, buffers: readonly Buffer[]): number =>
  [...new Set([...readBy(kernel), ...writtenBy(kernel)])].reduce(
    (total, buffer) => total + buffers[buffer].size * bytesPerElement[buffers[buffer].dtype],
    0,
  );
