/**
 * What is used of GPU.js, stated here once: its own typings say less than it takes in some places and more in others.
 * GPU.js is an optional peer: it is imported when the first device is opened, and nothing else in the package asks for it.
 */

/** An array on the device; where GPU.js computes on the CPU, an array. */
export type Handle = Float32Array | DeviceHandle;

export interface DeviceHandle {
  toArray(): Float32Array | Promise<Float32Array>;
  delete(): void;
}

/** Of WebGL: a texture whose texels are four elements each. */
interface TextureHandle extends DeviceHandle {
  renderRawOutput(): Float32Array;
}

/** Of WebGPU: a buffer of elements, and in what shape its kernel made it. */
interface BufferHandle extends DeviceHandle {
  componentCount: number;
  output: number[];
}

export const isTexture = (handle: DeviceHandle): handle is TextureHandle => "renderRawOutput" in handle;

export const isBuffer = (handle: Handle): handle is BufferHandle => isOnDevice(handle) && "componentCount" in handle;

/** Takes rows of four as the elements one after another that they are: kernels read no others. */
export function flatten(handle: BufferHandle): void {
  handle.output = [handle.output[0] * handle.componentCount];
  handle.componentCount = 1;
}

/** What a kernel computes with: of WebGL its context, of WebGPU the library's note of the device. */
interface LibraryContext {
  isContextLost?(): boolean;
  readonly isLost?: boolean;
}

export const isLost = ({ kernel: { context } }: LibraryKernel): boolean =>
  context?.isLost === true || context?.isContextLost?.() === true;

/** What a kernel made: an array, or several by name, of which what it returns is `result`. */
export type Made = Handle | Readonly<Record<string, DeviceHandle>>;

export interface LibraryKernel {
  (...args: readonly (Handle | number)[]): Promise<Made>;
  destroy(): void;
  /** The kernel that ran last: GPU.js puts another in its place where it falls back. */
  readonly kernel: {
    readonly constructor: { readonly mode: string };
    readonly fallbackReason?: string | null;
    readonly context?: LibraryContext | null;
  };
}

/** A function that kernels can call, in their language. */
export interface LibraryFunction {
  readonly name: string;
  readonly source: string;
  readonly argumentTypes: readonly "Number"[];
  readonly returnType: "Number";
}

export interface Functions {
  readonly functions: readonly LibraryFunction[];
  /** In the device's own language. */
  readonly nativeFunctions: readonly LibraryFunction[];
}

export interface KernelSettings extends Functions {
  readonly output: readonly [number];
  readonly pipeline: true;
  readonly immutable: true;
  readonly asyncMode: true;
  readonly precision: "single";
  readonly tactic: "precision";
  readonly loopMaxIterations: number;
}

export interface LibraryDevice {
  createKernel(source: string, settings: KernelSettings): LibraryKernel;
  /** With functions, by name, each of which makes an array of what it returns. */
  createKernelMap(functions: Readonly<Record<string, string>>, source: string, settings: KernelSettings): LibraryKernel;
  destroy(): Promise<void> | void;
}

export interface Library {
  new (settings: { readonly mode: Mode }): LibraryDevice;
  readonly isWebGL2Supported: boolean;
  isWebGPUAvailable(): Promise<boolean>;
}

/** GPU.js's names of its ways to compute. */
export type Mode = "webgpu" | "webgl2" | "webasm" | "cpu";

/** What a kernel of each mode says that it is. */
export const reportedMode: Readonly<Record<Mode, string>> = {
  webgpu: "webgpu",
  webgl2: "gpu",
  webasm: "webasm",
  cpu: "cpu",
};

/** @throws Error naming the package, where it is not installed. */
export async function loadLibrary(): Promise<Library> {
  let module: unknown;
  try {
    module = await import("gpu.js");
  } catch (cause) {
    throw new Error(
      "openGpu: the package gpu.js could not be loaded; it is an optional peer of @kinship/tensor: install it with `npm install gpu.js@2`",
      { cause },
    );
  }
  // As an ES module, as CommonJS seen from one, and as its bundle for browsers, which exports the class itself.
  const found = module as { GPU?: unknown; default?: { GPU?: unknown } };
  const library = found.GPU ?? found.default?.GPU ?? found.default;
  if (typeof library !== "function")
    throw new Error("openGpu: the package gpu.js has no class GPU; version 2.24 or later of 2 is expected");
  return library as unknown as Library;
}

export const isOnDevice = (handle: Handle): handle is DeviceHandle => !(handle instanceof Float32Array);
