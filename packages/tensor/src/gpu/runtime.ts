import { functionsFor } from "./helpers.js";
import {
  type DeviceHandle,
  flatten,
  type Handle,
  isBuffer,
  isLost,
  isOnDevice,
  isTexture,
  type Library,
  type LibraryDevice,
  type LibraryKernel,
  type Made,
  type Mode,
  reportedMode,
} from "./library.js";
import { copySource, type Packing, packingOf, resultName, threadsFor } from "./packing.js";

/** Longest loop that a kernel may have: GPU.js cuts longer ones off without a word. */
const loopMaxIterations = 2 ** 24;

const lostMessage =
  "openGpu: the browser took this device away, and what was on it is gone; close it and open another with openGpu(…)";

interface Kept {
  readonly kernel: LibraryKernel;
  readonly key: string;
  /** Arrays that it makes. */
  readonly results: number;
  /** Programs that run it, and arrays that it made: WebGL reads an array through the kernel that made it. */
  users: number;
}

/** What happened on a device since it was opened. */
export interface Counts {
  /** Kernels run, arrays sent there, arrays read back. */
  runs: number;
  uploads: number;
  readbacks: number;
  /** Arrays there now. */
  arrays: number;
}

/** A kernel that is shared by all that ask for the same source and size. */
export interface Lease {
  /** The arrays that it made. */
  run(args: readonly (Handle | number)[]): Promise<readonly Handle[]>;
  release(): void;
}

/** A kernel's results in order. */
const arraysOf = (made: Made, results: number): readonly Handle[] =>
  results === 1
    ? [made as Handle]
    : Array.from(
        { length: results },
        (_, k) => (made as Readonly<Record<string, DeviceHandle>>)[k === 0 ? "result" : resultName(k)],
      );

/** GPU.js behind the few words that programs need: kernels by source, arrays there and back, one call at a time. */
export class Runtime {
  readonly counts: Counts = { runs: 0, uploads: 0, readbacks: 0, arrays: 0 };
  readonly #device: LibraryDevice;
  readonly #kernels = new Map<string, Kept>();
  readonly #makers = new Map<DeviceHandle, Kept>();
  #queue: Promise<unknown> = Promise.resolve();
  #closed = false;
  #lost = false;
  #anchor: LibraryKernel | undefined;
  /** Whether the kernel that was built last may have been destroyed. */
  #unanchored = false;

  constructor(
    library: Library,
    readonly mode: Mode,
  ) {
    this.#device = new library({ mode });
  }

  get packing(): Packing {
    return packingOf[this.mode];
  }

  get kernels(): number {
    return this.#kernels.size;
  }

  /** Whether arrays stay on a device; elsewhere they are arrays. */
  get hasMemory(): boolean {
    return this.mode === "webgpu" || this.mode === "webgl2";
  }

  /** A kernel for arrays of these sizes: WebGL writes them into it. */
  lease(source: string, threads: number, sizes: readonly number[], results = 1): Lease {
    this.#requireOpen();
    const key = `${threads} ${sizes} ${source}`;
    let kept = this.#kernels.get(key);
    if (!kept) {
      kept = { kernel: this.#create(source, threads, results), key, results, users: 0 };
      this.#kernels.set(key, kept);
    }
    const used = kept;
    used.users++;
    let held = true;
    return {
      run: (args) => this.#run(used, args),
      release: () => {
        if (held) this.#leave(used);
        held = false;
      },
    };
  }

  #leave(kept: Kept): void {
    if (--kept.users > 0 || this.#closed) return;
    this.#kernels.delete(kept.key);
    kept.kernel.destroy();
    this.#unanchored = this.mode === "webgl2";
  }

  /**
   * WebGL draws the vertices of the kernel that was built last, whichever runs: GPU.js sets them when it builds one, and
   * deletes them with it. After one was destroyed, another is built whose vertices stay.
   */
  async #anchorVertices(): Promise<void> {
    this.#unanchored = false;
    const before = this.#anchor;
    this.#anchor = this.#create(copySource(this.packing, 1, 0, true), 1, 1);
    const made = await this.#anchor(new Float32Array(1));
    for (const one of arraysOf(made, 1)) if (isOnDevice(one)) one.delete();
    before?.destroy();
  }

  #create(source: string, threads: number, results: number): LibraryKernel {
    const settings = {
      output: [threads],
      pipeline: true,
      immutable: true,
      asyncMode: true,
      precision: "single",
      tactic: "precision",
      loopMaxIterations,
      ...functionsFor(source, this.mode),
    } as const;
    if (results === 1) return this.#device.createKernel(source, settings);
    const names = Array.from({ length: results - 1 }, (_, k) => resultName(k + 1));
    const functions = names.map((name) => [name, `function ${name}(x) {\n  return x;\n}`]);
    return this.#device.createKernelMap(Object.fromEntries(functions), source, settings);
  }

  async #run(kept: Kept, args: readonly (Handle | number)[]): Promise<readonly Handle[]> {
    this.#requireOpen();
    if (this.#unanchored) await this.#anchorVertices();
    const results = arraysOf(await this.#unlessLost(kept, () => kept.kernel(...args)), kept.results);
    const { constructor, fallbackReason } = kept.kernel.kernel;
    if (constructor.mode !== reportedMode[this.mode])
      throw new Error(
        `openGpu: GPU.js ran a kernel of ${this.mode} as ${constructor.mode} (${fallbackReason ?? "no reason given"}); please report it`,
      );
    this.counts.runs++;
    for (const result of results) {
      if (this.packing.lanes > 1 && isBuffer(result)) flatten(result);
      if (!isOnDevice(result)) continue;
      this.counts.arrays++;
      this.#makers.set(result, kept);
      kept.users++;
    }
    return results;
  }

  /** The kernel that sends arrays of this size there. */
  leaseUpload(size: number): Lease {
    return this.lease(copySource(this.packing, size, 0, true), threadsFor(size, this.packing), [size]);
  }

  /** The kernel that copies `size` elements of an array of another size. */
  leaseCopy(from: number, size: number, offset: number): Lease {
    return this.lease(copySource(this.packing, size, offset, false), threadsFor(size, this.packing), [from]);
  }

  /** Sends an array there, which nobody else may write to from now on. */
  async upload(data: Float32Array): Promise<Handle> {
    this.counts.uploads++;
    if (!this.hasMemory || data.length === 0) return data;
    const copy = this.leaseUpload(data.length);
    try {
      return (await copy.run([data]))[0];
    } finally {
      copy.release();
    }
  }

  async read(handle: Handle): Promise<Float32Array> {
    this.#requireOpen();
    if (!isOnDevice(handle)) return handle;
    this.counts.readbacks++;
    // A texel's four elements as they are, rather than as rows of four.
    return this.#unlessLost(this.#makers.get(handle)!, () =>
      isTexture(handle) ? handle.renderRawOutput() : handle.toArray(),
    );
  }

  /** A device that is lost goes on without a word, with zeros: drivers restart, and browsers take devices away. */
  async #unlessLost<T>(kept: Kept, use: () => T | Promise<T>): Promise<T> {
    this.#requireOpen();
    try {
      const result = await use();
      this.#lost ||= isLost(kept.kernel);
      if (!this.#lost) return result;
    } catch (cause) {
      // WebGPU says so after what was waited for is given up.
      await new Promise((resolve) => setTimeout(resolve));
      this.#lost ||= isLost(kept.kernel);
      if (!this.#lost) throw cause;
    }
    throw new Error(lostMessage);
  }

  free(handle: Handle): void {
    const maker = isOnDevice(handle) ? this.#makers.get(handle) : undefined;
    if (!isOnDevice(handle) || !maker) return;
    this.#makers.delete(handle);
    handle.delete();
    this.counts.arrays--;
    this.#leave(maker);
  }

  /** Runs one task after another. */
  enqueue<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(task);
    this.#queue = result.catch(() => undefined);
    return result;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    await this.#queue;
    this.#closed = true;
    for (const handle of this.#makers.keys()) handle.delete();
    this.#makers.clear();
    this.counts.arrays = 0;
    for (const { kernel } of this.#kernels.values()) kernel.destroy();
    this.#kernels.clear();
    this.#anchor?.destroy();
    await this.#device.destroy();
  }

  #requireOpen(): void {
    if (this.#closed) throw new Error("openGpu: this device is closed; open another with openGpu(…)");
    if (this.#lost) throw new Error(lostMessage);
  }
}
