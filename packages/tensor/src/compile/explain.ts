import type { Stages } from "./build.js";
import { bytesOf, operationsOf } from "./cost.js";
import type { Executable, Profile } from "./executable.js";
import { type Kernel, printKernels } from "./kernel.js";
import { type Limits, machineLimits } from "./limits.js";
import { largestLive, printPlan } from "./plan.js";
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
  /** In how many shares threads run it; 1 where it is run in one piece. */
  readonly shares: number;
  /** With `profile`, once the function was called. */
  readonly measured?: Measured;
}

/** What a kernel did a second, on average over the calls. */
export interface Measured {
  /** Of a call. */
  readonly milliseconds: number;
  /** 10⁹ operations and 10⁹ bytes a second. */
  readonly gigaflops: number;
  readonly gigabytes: number;
  /** The larger part of what the machine could do in either; above 1 where values come from a cache. */
  readonly ofLimit: number;
}

export interface Explanation {
  /** "evaluator" where WebAssembly is not to be had: the same results, several times slower. */
  readonly backend: Executable["backend"];
  readonly kernels: readonly KernelExplanation[];
  readonly moduleBytes: number;
  readonly instructions: number;
  readonly memoryBytes: number;
  /** Bytes of the plan for all values, and the most that are needed at one time. */
  readonly arenaBytes: number;
  readonly largestLiveBytes: number;
  /** With `profile`, once the function was called: what this machine can do, measured. */
  readonly limits?: Limits;
  /** The program as text after each pass; no kernels and no plan on the evaluator. */
  readonly passes: { readonly record: string; readonly simplify: string; readonly fuse: string; readonly plan: string };
  /** A line a kernel, for people. */
  toString(): string;
}

/** A part of compilers: `compiler({ explainer, … })`. */
export interface Explainer {
  /** @internal */
  explain(executable: Executable, stages: Stages): Explanation;
  /** @internal One function that runs those of the kernels, and what it measures. */
  timed(kernels: readonly (() => void)[]): { readonly run: () => void; readonly profile: Profile };
}

export const explainer: Explainer = { explain, timed };

function timed(kernels: readonly (() => void)[]) {
  const profile = { calls: 0, milliseconds: new Float64Array(kernels.length) };
  const run = (): void => {
    profile.calls++;
    for (let k = 0; k < kernels.length; k++) {
      const start = performance.now();
      kernels[k]();
      profile.milliseconds[k] += performance.now() - start;
    }
  };
  return { run, profile };
}

function measuredOf(milliseconds: number, operations: number, bytes: number, limits: Limits): Measured {
  const [gigaflops, gigabytes] = [operations / milliseconds / 1e6, bytes / milliseconds / 1e6];
  const ofLimit = Math.max(gigaflops / limits.gigaflops, gigabytes / limits.gigabytes);
  return { milliseconds, gigaflops, gigabytes, ofLimit };
}

export function explain(executable: Executable, { recorded, simplified, kernels, plan }: Stages): Explanation {
  const { backend, moduleBytes, instructions, memoryBytes, profile, shares } = executable;
  const limits = profile && profile.calls > 0 ? machineLimits() : undefined;
  const rows = (kernels?.kernels ?? []).map((kernel, k): KernelExplanation => {
    const operations = operationsOf(kernel);
    const bytes = bytesOf(kernel, kernels!.buffers);
    const measured = limits && measuredOf(profile!.milliseconds[k] / profile!.calls, operations, bytes, limits);
    const { kind, label } = kernel;
    return { kind, label, operations, bytes, shares: shares?.[k] ?? 1, ...(measured && { measured }) };
  });
  return {
    backend,
    kernels: rows,
    moduleBytes,
    instructions,
    memoryBytes,
    arenaBytes: plan?.bytes ?? 0,
    largestLiveBytes: plan ? largestLive(plan, rows.length) : 0,
    ...(limits && { limits }),
    passes: {
      record: printProgram(recorded),
      simplify: printProgram(simplified),
      fuse: kernels ? printKernels(kernels) : "",
      plan: plan ? printPlan(plan) : "",
    },
    toString: () =>
      [
        `${backend}: ${rows.length} kernels, ${instructions} instructions in ${moduleBytes} bytes, arena ${plan?.bytes ?? 0} bytes`,
        ...(limits
          ? [`limits: ${limits.gigaflops.toFixed(1)} GFLOP/s, ${limits.gigabytes.toFixed(1)} GB/s in copying`]
          : []),
        ...rows.map(
          ({ kind, label, operations, bytes, shares, measured }) =>
            `  ${kind}: ${label}: ${operations} operations, ${bytes} bytes${shares > 1 ? `, ${shares} shares` : ""}${measured ? printMeasured(measured) : ""}`,
        ),
      ].join("\n"),
  };
}

const printMeasured = ({ milliseconds, gigaflops, gigabytes, ofLimit }: Measured): string =>
  `, ${(1000 * milliseconds).toFixed(1)} µs: ${gigaflops.toFixed(2)} GFLOP/s, ${gigabytes.toFixed(2)} GB/s, ${Math.round(100 * ofLimit)} % of the limit`;
