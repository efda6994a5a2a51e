import { functionsFor } from "./helpers.js";
import {
  type Handle,
  isOnDevice,
  type Library,
  type LibraryDevice,
  type LibraryKernel,
  type Mode,
  reportedMode,
} from "./library.js";

/** Longest loop that a kernel may have: GPU.js cuts longer ones off without a word. */
const loopMaxIterations = 2 ** 24;

interface Kept {
  readonly kernel: LibraryKernel;
  readonly key: string;
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
  run(args: readonly (Handle | number)[]): Promise<Handle>;
  release(): void;
}

/** GPU.js behind the few words that programs need: kernels by source, arrays there and back, one call at a time. */
export class Runtime {
  readonly counts: Counts = { runs: 0, uploads: 0, readbacks: 0, arrays: 0 };
  readonly #device: LibraryDevice;
  readonly #kernels = new Map<string, Kept>();
  #queue: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(
    library: Library,
    readonly mode: Mode,
  ) {
    this.#device = new library({ mode });
  }

  get kernels(): number {
    return this.#kernels.size;
  }

  /** Whether arrays stay on a device; elsewhere they are arrays. */
  get hasMemory(): boolean {
    return this.mode === "webgpu" || this.mode === "webgl2";
  }

  lease(source: string, cells: number): Lease {
    this.#requireOpen();
    const key = `${cells} ${source}`;
    let kept = this.#kernels.get(key);
    if (!kept) {
      const kernel = this.#device.createKernel(source, {
        output: [cells],
        pipeline: true,
        immutable: true,
        asyncMode: true,
        precision: "single",
        tactic: "precision",
        loopMaxIterations,
        functions: functionsFor(source),
      });
      kept = { kernel, key, users: 0 };
      this.#kernels.set(key, kept);
    }
    const { kernel } = kept;
    kept.users++;
    let held = true;
    return {
      run: (args) => this.#run(kernel, args),
      release: () => {
        if (!held) return;
        held = false;
        if (--kept.users > 0 || this.#closed) return;
        this.#kernels.delete(key);
        kernel.destroy();
      },
    };
  }

  async #run(kernel: LibraryKernel, args: readonly (Handle | number)[]): Promise<Handle> {
    this.#requireOpen();
    const result = await kernel(...args);
    const { constructor, fallbackReason } = kernel.kernel;
    if (constructor.mode !== reportedMode[this.mode])
      throw new Error(
        `openGpu: GPU.js ran a kernel of ${this.mode} as ${constructor.mode} (${fallbackReason ?? "no reason given"}); please report it`,
      );
    this.counts.runs++;
    if (isOnDevice(result)) this.counts.arrays++;
    return result;
  }

  /** Sends an array there, which nobody else may write to from now on. */
  async upload(data: Float32Array): Promise<Handle> {
    this.counts.uploads++;
    if (!this.hasMemory || data.length === 0) return data;
    const copy = this.lease("function(b0) {\n  return b0[this.thread.x];\n}", data.length);
    try {
      return await copy.run([data]);
    } finally {
      copy.release();
    }
  }

  async read(handle: Handle): Promise<Float32Array> {
    this.#requireOpen();
    if (!isOnDevice(handle)) return handle;
    this.counts.readbacks++;
    return handle.toArray();
  }

  free(handle: Handle): void {
    if (!isOnDevice(handle)) return;
    handle.delete();
    this.counts.arrays--;
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
    for (const { kernel } of this.#kernels.values()) kernel.destroy();
    this.#kernels.clear();
    await this.#device.destroy();
  }

  #requireOpen(): void {
    if (this.#closed) throw new Error("openGpu: this device is closed; open another with openGpu(…)");
  }
}
