import type { Frame } from "../compile/emit/module.js";
import type { KernelProgram } from "../compile/kernel.js";
import type { Crew } from "../compile/webassembly.js";
import { bytesPerElement } from "../dtype.js";
import type { Host } from "./host.js";
import type { Message } from "./messages.js";
import { emitSections } from "./sections.js";
import { splitOf } from "./split.js";
import { crewBytes, crewWord, programBytes, threadBytes, threadWord, word } from "./words.js";

const place = (offset: number): number => offset >> 2;

type Load = Message & { readonly kind: "load" };

/** Bytes of forgotten programs for which workers are replaced. */
const mostForgotten = 2 ** 26;

/** What threads lose by writing to each other's memory is little up to so many bytes. */
const smallBytes = 2 ** 16;
/** What the last cache of a processor has, about. */
const cachedBytes = 2 ** 26;

/** The workers, and what they see in shared memory. */
export class Workers implements Crew {
  readonly shared = new SharedArrayBuffer(crewBytes);
  readonly #words = new Int32Array(this.shared);
  readonly #hosts: Host[] = [];
  readonly #start: () => Promise<readonly Host[]>;
  readonly #forgotten: FinalizationRegistry<Pick<Load, "program"> & { readonly bytes: number }>;
  /** What workers were told to load, for those that replace them. */
  readonly #loaded = new Map<number, WeakRef<Load>>();
  #forgottenBytes = 0;
  #programs = 0;
  #isRunning = false;
  #isClosed = false;
  #broken: string | undefined;

  /** @param start starts all workers, which are told to begin once they listen. */
  constructor(start: () => Promise<readonly Host[]>) {
    this.#start = start;
    const workers = new WeakRef(this);
    this.#forgotten = new FinalizationRegistry(({ program, bytes }) => {
      const those = workers.deref();
      if (those) those.#forget(program, bytes);
    });
  }

  get threads(): number {
    return this.#hosts.length + 1;
  }

  /** Starts workers, in the place of those that were there. */
  async begin(): Promise<void> {
    const hosts = await this.#start();
    const former = this.#hosts.splice(0);
    if (!this.#isClosed) this.#hosts.push(...hosts);
    else former.push(...hosts);
    const posted = Atomics.add(this.#words, place(crewWord.posted), 1) + 1;
    for (const [k, host] of this.#hosts.entries())
      host.postMessage({ kind: "begin", crew: this.shared, thread: k + 1, posted });
    for (const load of this.#loaded.values()) {
      const message = load.deref();
      if (message) this.#post(message);
    }
    for (const host of former) host.end();
    // Those that end have had a message less than were counted, and come back to listen.
    this.#call();
  }

  #post(message: Message): void {
    // Counted first: a worker that has had more than were counted would listen for ever.
    Atomics.add(this.#words, place(crewWord.posted), 1);
    for (const host of this.#hosts) host.postMessage(message);
    this.#call();
  }

  /**
   * A worker allocates nothing, and engines do not count shared memory, so it never comes to collect what it was told
   * to forget. It ends instead when that is much, and another takes its place; calls wait for neither.
   */
  #forget(program: number, bytes: number): void {
    this.#loaded.delete(program);
    this.#post({ kind: "forget", program });
    this.#forgottenBytes += bytes;
    if (this.#forgottenBytes < mostForgotten || this.#hosts.length === 0) return;
    this.#forgottenBytes = 0;
    // Where none can be started, those that are there go on.
    this.begin().catch(() => {});
  }

  /** Has all workers look. */
  #call(): void {
    Atomics.add(this.#words, place(crewWord.news), 1);
    Atomics.notify(this.#words, place(crewWord.news));
  }

  /** A worker has ended by itself: calls cannot count on it. */
  fail(reason: string): void {
    if (this.#hosts.length > 0) this.#broken = reason;
  }

  close(): void {
    if (this.#isRunning) throw new Error("close: a program is running on these threads; close them after the call");
    this.#isClosed = true;
    Atomics.add(this.#words, place(crewWord.posted), 1);
    for (const host of this.#hosts.splice(0)) host.end();
    this.#call();
  }

  /**
   * A thread that writes where another one wrote last waits for every cache line, so what is large has a place of its
   * own; unless all of it is more than stays in caches.
   */
  mostShared({ buffers }: KernelProgram): number {
    const all = buffers.reduce((total, { dtype, size }) => total + size * bytesPerElement[dtype], 0);
    return this.threads > 1 && all <= cachedBytes ? smallBytes : Number.POSITIVE_INFINITY;
  }

  share({ kernels, buffers }: KernelProgram) {
    const splits = kernels.map((kernel) => splitOf(kernel, buffers, this.threads));
    if (this.threads === 1 || splits.every((split) => split === undefined)) return undefined;
    return {
      threads: this.threads,
      shares: splits.map((split) => split?.shares ?? 1),
      controlBytes: programBytes(this.threads),
      emit: (frame: Frame) => emitSections({ ...frame, threads: this.threads }, splits),
    };
  }

  enlist(module: WebAssembly.Module, memory: WebAssembly.Memory, control: number): (run: () => void) => void {
    const words = new Int32Array(memory.buffer, control, programBytes(this.threads) / 4);
    Atomics.store(words, place(word.maySleep), maySleep() ? 1 : 0);
    const load: Load = { kind: "load", program: ++this.#programs, module, memory, control };
    this.#loaded.set(load.program, new WeakRef(load));
    this.#forgotten.register(load, { program: load.program, bytes: memory.buffer.byteLength });
    this.#post(load);
    return (run) => this.#together(words, load, run);
  }

  check(): void {
    if (!this.#hosts.some((host) => host.hasEnded())) return;
    this.fail("in the middle of this call");
    throw new Error(this.#broken);
  }

  #together(words: Int32Array, { program }: Load, run: () => void): void {
    if (this.#broken !== undefined) throw this.#giveUp(this.#broken);
    if (this.#isRunning || this.#hosts.length === 0) {
      // A program that another one runs goes on by itself.
      run();
      return;
    }
    this.#isRunning = true;
    Atomics.store(words, place(word.open), 1);
    Atomics.store(this.#words, place(crewWord.program), program);
    this.#call();
    try {
      run();
    } catch (reason) {
      this.#end(words);
      this.#restart(words);
      // What workers failed at after that is of no interest.
      this.#takeFailure();
      throw this.#broken === undefined ? reason : this.#giveUp(this.#broken);
    }
    this.#end(words);
    const failure = this.#takeFailure();
    if (failure === "") return;
    this.#restart(words);
    throw new Error(`compile: a thread has failed: ${failure}`);
  }

  /** One thread less than there were is not what programs were shared out for: the others end too. */
  #giveUp(reason: string): Error {
    this.#broken = undefined;
    this.close();
    return new Error(
      `compile: a thread has ended: ${reason}; the others are closed, and functions go on with the calling thread alone: call again, or open new threads and compile with them`,
    );
  }

  /** Sends the workers back from a call. */
  #end(words: Int32Array): void {
    this.#isRunning = false;
    Atomics.store(words, place(word.open), 0);
    Atomics.add(words, place(word.news), 1);
    if (Atomics.load(words, place(word.sleepers)) > 0) Atomics.notify(words, place(word.news));
  }

  /** After a call that failed in the middle: shares that were left are given up, once nobody is at one. */
  #restart(words: Int32Array): void {
    const own = (thread: number, name: keyof typeof threadWord) =>
      place(word.threads + thread * threadBytes + threadWord[name]);
    for (let thread = 0; thread <= this.#hosts.length; thread++)
      Atomics.store(words, own(thread, "next"), Atomics.load(words, own(thread, "limit")));
    for (const [k, host] of this.#hosts.entries())
      while (Atomics.load(words, own(k + 1, "isInside")) && !host.hasEnded());
    Atomics.store(words, place(word.done), Atomics.load(words, place(word.end)));
  }

  #takeFailure(): string {
    const length = Atomics.exchange(this.#words, place(crewWord.failure), 0);
    return length === 0 ? "" : String.fromCharCode(...new Uint16Array(this.shared, crewWord.failure + 4, length));
  }
}

/** Whether this thread may wait for others: that of a page may not. */
function maySleep(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1);
    return true;
  } catch {
    return false;
  }
}
