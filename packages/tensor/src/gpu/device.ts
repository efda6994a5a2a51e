import { dissect, fill } from "../compile/skeleton.js";
import { allocate } from "../dtype.js";
import { fromData, type Tensor, viewOf } from "../tensor.js";
import { compileFor, type GpuCompiled, type GpuCompileOptions, type Host } from "./compile.js";
import { deviceStorageOf } from "./deviceTensor.js";
import { elements } from "./executable.js";
import { type Backend, backendOf, type DeviceExplanation, deviceExplanation } from "./explain.js";
import { type Library, loadLibrary, type Mode } from "./library.js";
import { Runtime } from "./runtime.js";
import { UnsupportedOnGpu } from "./unsupported.js";

export interface GpuOptions {
  /**
   * "auto" takes WebGPU where there is an adapter, else WebGL2. "webassembly" and "javascript" are GPU.js's own ways to
   * run the same kernels without a GPU, for tests: `compile` is faster. Default: "auto".
   */
  readonly backend?: "auto" | Exclude<Backend, "cpu">;
  /** What cannot run on the GPU runs on the CPU, and `explain` says why. Default: it is an error. */
  readonly fallback?: "cpu";
  /**
   * Whether float64 is computed in float32 there: values keep their dtype and lose the digits. Optimizers count their
   * steps in float64. Default: false, it is an error.
   */
  readonly narrow?: boolean;
}

/** A GPU, or what stands in for one. */
export interface GpuDevice {
  /** How it computes: "cpu" where there is no GPU and the fallback was asked for. */
  readonly backend: Backend;
  /**
   * The same function on the device, awaited: recorded once for each new signature of its arguments, as by `compile`,
   * and run as GPU.js kernels in float32.
   * @throws UnsupportedOnGpu where the program has float64 (unless `narrow`), whole numbers beyond 2²⁴, values of 2²³ elements or more, or
   * an operation without a kernel; with the fallback it runs on the CPU instead.
   */
  compile<Arguments extends readonly unknown[], Output>(
    f: (...args: Arguments) => Output,
    options?: GpuCompileOptions,
  ): GpuCompiled<Arguments, Output>;
  /** The structure with its tensors read from the device; others are left as they are. */
  read<S>(structure: S): Promise<S>;
  /** Frees the tensors of the structure that are on the device, after the calls under way. */
  release(structure: unknown): Promise<void>;
  explain(): DeviceExplanation;
  /** Waits for what is under way and frees everything. Its tensors cannot be read any more. */
  close(): Promise<void>;
}

const modes: Readonly<Record<Exclude<Backend, "cpu">, Mode>> = {
  webgpu: "webgpu",
  webgl2: "webgl2",
  webassembly: "webasm",
  javascript: "cpu",
};

async function isAvailable(library: Library, mode: Mode): Promise<boolean> {
  if (mode === "webgpu") return library.isWebGPUAvailable();
  return mode !== "webgl2" || library.isWebGL2Supported;
}

/** The way to compute, or why there is none. */
async function choose(library: Library, backend: GpuOptions["backend"] & string): Promise<Mode | { reason: string }> {
  const wanted: readonly Mode[] = backend === "auto" ? ["webgpu", "webgl2"] : [modes[backend]];
  if (wanted[0] === undefined)
    throw new RangeError(`openGpu: backend is ${String(backend)}, expected auto, ${Object.keys(modes).join(", ")}`);
  for (const mode of wanted) if (await isAvailable(library, mode)) return mode;
  const missing = wanted.join(" and ");
  return {
    reason: `openGpu: ${missing} ${wanted.length > 1 ? "are" : "is"} not available here; use a browser with a GPU, or compile for the CPU`,
  };
}

/**
 * Opens a GPU through GPU.js, which is imported now: install gpu.js beside @kinship/tensor.
 * @throws Error where gpu.js is not installed, or the backend is not available and no fallback was asked for.
 * @example
 * const device = await openGpu({ fallback: "cpu" });
 * const f = device.compile((x) => matmul(x, x));
 * await f(tensor([[1, 2], [3, 4]]));
 */
export async function openGpu({ backend = "auto", fallback, narrow = false }: GpuOptions = {}): Promise<GpuDevice> {
  const library = await loadLibrary();
  const chosen = await choose(library, backend);
  if (typeof chosen === "string")
    return new Device(new Runtime(library, chosen), undefined, fallback === "cpu", narrow);
  if (fallback !== "cpu") throw new UnsupportedOnGpu(chosen.reason);
  return new Device(undefined, chosen.reason, true, narrow);
}

class Device implements GpuDevice, Host {
  constructor(
    readonly runtime: Runtime | undefined,
    readonly reason: string | undefined,
    readonly fallsBack: boolean,
    readonly narrow: boolean,
  ) {}

  get backend(): Backend {
    return this.runtime ? backendOf[this.runtime.mode] : "cpu";
  }

  compile<Arguments extends readonly unknown[], Output>(
    f: (...args: Arguments) => Output,
    options: GpuCompileOptions = {},
  ): GpuCompiled<Arguments, Output> {
    return compileFor(this, f, options);
  }

  async read<S>(structure: S): Promise<S> {
    const found: Tensor[] = [];
    const skeleton = dissect(structure, found, "the structure", "device.read");
    return fill(skeleton, await Promise.all(found.map((x) => this.#readOne(x)))) as S;
  }

  #readOne(x: Tensor): Tensor | Promise<Tensor> {
    const storage = deviceStorageOf(x);
    if (!storage) return x;
    if (storage.device !== this) throw new Error("device.read: this tensor is on another device; read it there");
    return this.runtime!.enqueue(async () => {
      const data = allocate(x.dtype, storage.size);
      const found = elements(await this.runtime!.read(storage.handle), storage.words);
      data.set(found.subarray(0, storage.size));
      // The same view of the values as of the memory on the device.
      const whole = fromData(data, x.dtype, [storage.size]);
      return viewOf(whole, x);
    });
  }

  async release(structure: unknown): Promise<void> {
    const found: Tensor[] = [];
    dissect(structure, found, "the structure", "device.release");
    await this.runtime?.enqueue(async () => {
      for (const x of found) deviceStorageOf(x)?.release();
    });
  }

  explain(): DeviceExplanation {
    const { kernels = 0, counts } = this.runtime ?? {};
    return deviceExplanation(this.backend, this.reason, {
      kernels,
      ...(counts ?? { runs: 0, uploads: 0, readbacks: 0, arrays: 0 }),
    });
  }

  async close(): Promise<void> {
    await this.runtime?.close();
  }
}
