import { type Compiled, compile } from "../compile/compile.js";
import { dissect, fill, matches, type Skeleton, slotsOf } from "../compile/skeleton.js";
import type { Signature } from "../primitive.js";
import { fromData, type Tensor } from "../tensor.js";
import { buildForDevice } from "./build.js";
import { deviceStorageOf } from "./deviceTensor.js";
import { DeviceExecutable, take } from "./executable.js";
import { type ProgramExplanation, programExplanation } from "./explain.js";
import type { Runtime } from "./runtime.js";
import { UnsupportedOnGpu } from "./unsupported.js";

export interface GpuCompileOptions {
  /** Whether results stay on the device until they are read with `device.read`. Default: false. */
  readonly keep?: boolean;
  /**
   * The positions of arguments that the call uses up: what of them is on the device is freed there after the call.
   * Default: none.
   */
  readonly donate?: readonly number[];
}

/** A function compiled for a device: called like the function itself, and awaited. */
export interface GpuCompiled<Arguments extends readonly unknown[], Output> {
  (...args: Arguments): Promise<Output>;
  /** What became of the function for arguments like these. Compiles if need be; runs nothing. */
  explain(...args: Arguments): ProgramExplanation;
  /** Frees what its programs have on the device, after the calls under way; results that were kept stay. */
  close(): Promise<void>;
}

/** What a compiled function needs of its device. */
export interface Host {
  readonly runtime: Runtime | undefined;
  /** Why everything runs on the CPU; undefined where there is a device. */
  readonly reason: string | undefined;
  readonly fallsBack: boolean;
  readonly narrow: boolean;
  read<S>(structure: S): Promise<S>;
}

interface Entry {
  readonly skeleton: Skeleton;
  readonly signatures: readonly Signature[];
  readonly made: { readonly executable: DeviceExecutable; readonly output: Skeleton } | { readonly reason: string };
}

/** Programs kept, one for each signature of the arguments; the oldest goes. */
const mostPrograms = 16;

export function compileFor<Arguments extends readonly unknown[], Output>(
  host: Host,
  f: (...args: Arguments) => Output,
  { keep = false, donate = [] }: GpuCompileOptions,
): GpuCompiled<Arguments, Output> {
  const entries: Entry[] = [];
  let onCpu: Compiled<Arguments, Output> | undefined;
  const build = (skeleton: Skeleton, signatures: readonly Signature[]): Entry["made"] => {
    if (!host.runtime) return { reason: host.reason! };
    try {
      const { program, output } = buildForDevice(f, skeleton, signatures, {
        narrow: host.narrow,
        packing: host.runtime.packing,
      });
      return { executable: new DeviceExecutable(program, host.runtime, host), output };
    } catch (reason) {
      if (!(reason instanceof UnsupportedOnGpu) || !host.fallsBack) throw reason;
      return { reason: reason.message };
    }
  };
  const closeAll = async (old: readonly Entry[]): Promise<void> => {
    // After the calls that are under way.
    await host.runtime?.enqueue(async () => {
      for (const { made } of old) if ("executable" in made) made.executable.close();
    });
  };
  const find = (args: Arguments): { entry: Entry; tensors: Tensor[] } => {
    const tensors: Tensor[] = [];
    for (const entry of entries) {
      tensors.length = entry.signatures.length;
      if (matches(entry.skeleton, args, entry.signatures, tensors)) return { entry, tensors };
    }
    const found: Tensor[] = [];
    const skeleton = dissect(args, found, "arguments", "device.compile");
    const signatures = found.map(({ shape, dtype }): Signature => ({ shape, dtype }));
    const entry = { skeleton, signatures, made: build(skeleton, signatures) };
    void closeAll(entries.splice(mostPrograms - 1));
    entries.unshift(entry);
    return { entry, tensors: found };
  };
  const runOnCpu = async (skeleton: Skeleton, tensors: readonly Tensor[]): Promise<Output> => {
    onCpu ??= compile(f);
    const isThere = tensors.some((x) => deviceStorageOf(x));
    // While some are read, the others may be written to.
    const here = isThere
      ? await Promise.all(
          tensors.map((x) => (deviceStorageOf(x) ? host.read(x) : fromData(x.toTypedArray(), x.dtype, x.shape))),
        )
      : tensors;
    return onCpu(...(fill(skeleton, here) as Arguments));
  };
  const run = async (args: Arguments): Promise<Output> => {
    const { entry, tensors } = find(args);
    const { skeleton, made } = entry;
    const donated = donatedOf(skeleton, donate);
    // Only after the call: one that fails takes nothing.
    const free = () => {
      for (const k of donated) deviceStorageOf(tensors[k])?.release();
    };
    if ("reason" in made) {
      const result = await runOnCpu(skeleton, tensors);
      await host.runtime?.enqueue(async () => free());
      return result;
    }
    const given = tensors.map((x, k) => take(x, k, host, made.executable.program));
    const results = await host.runtime!.enqueue(async () => {
      const done = await made.executable.call(given, keep);
      free();
      return done;
    });
    return fill(made.output, results) as Output;
  };
  return Object.assign((...args: Arguments) => run(args), {
    explain: (...args: Arguments) => {
      const { made } = find(args).entry;
      return "reason" in made
        ? programExplanation("cpu", made.reason, undefined)
        : programExplanation(host.runtime!.mode, undefined, made.executable.program);
    },
    close: () => closeAll(entries.splice(0)),
  });
}

/** The numbers of the tensors in donated arguments. */
function donatedOf(skeleton: Skeleton, donate: readonly number[]): readonly number[] {
  const positions = skeleton.kind === "list" ? skeleton.entries : [];
  for (const position of donate)
    if (!(position in positions))
      throw new RangeError(
        `device.compile: donate names argument ${position}, the function was called with ${positions.length}; positions count from 0`,
      );
  return donate.flatMap((position) => slotsOf(positions[position]).map(({ index }) => index));
}
