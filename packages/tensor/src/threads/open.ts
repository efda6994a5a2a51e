import type { Threads } from "../compile/build.js";
import { ModuleBuilder } from "../wasm/assembler/index.js";
import { Workers } from "./crew.js";
import { type Host, processors, startWorker } from "./host.js";

export interface ThreadOptions {
  /** Where the script of the workers is, for bundlers that do not find it: that of `@kinship/tensor/threads/worker`. */
  readonly worker?: string | URL;
}

/** Whether the engine has WebAssembly memory that threads share. */
export function sharesMemory(): boolean {
  const module = new ModuleBuilder();
  module.memory({ initial: 1, maximum: 1, shared: true });
  return typeof WebAssembly === "object" && WebAssembly.validate(module.encode());
}

/** Workers end when nobody holds their threads any more, nor a function compiled with them. */
const left = /* @__PURE__ */ new FinalizationRegistry<Workers>((workers) => workers.close());

/**
 * Opens threads for compiled functions: `compile(f, { threads: await openThreads(2) })`. They are workers, in Node and
 * in pages, and sleep until a program that was compiled with them is called; one set serves any number of functions,
 * and computes the same bits as one thread. They do not keep a Node process alive, and end with `close()`, or when
 * nothing holds them any more.
 * @param count Threads that compute, the calling one counted. Default: as many as the machine has processors.
 * @throws Error (rejects) where memory cannot be shared between threads: in a page that is not cross-origin isolated.
 */
export async function openThreads(count: number = processors(), { worker }: ThreadOptions = {}): Promise<Threads> {
  if (!Number.isInteger(count) || count < 1)
    throw new RangeError(`openThreads: expected how many threads, a whole number from 1 on, found ${count}`);
  if (typeof SharedArrayBuffer !== "function" || !sharesMemory())
    throw new Error(
      globalThis.crossOriginIsolated === false
        ? "openThreads: this page is not cross-origin isolated, so its memory cannot be shared; serve it with the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp, or compile without threads"
        : "openThreads: this engine has no WebAssembly memory that threads share; compile without threads",
    );
  // The workers may not hold what ends them.
  let held: WeakRef<Workers> | undefined;
  const crew = new Workers(() => startAll(count - 1, worker, (reason) => held?.deref()?.fail(reason)));
  held = new WeakRef(crew);
  await crew.begin();
  const threads: Threads = {
    get count() {
      return crew.threads;
    },
    close: () => crew.close(),
    crew,
  };
  left.register(threads, crew);
  return threads;
}

/** Starts workers: all, or none. */
async function startAll(
  count: number,
  script: string | URL | undefined,
  failed: (reason: string) => void,
): Promise<readonly Host[]> {
  const started = await Promise.allSettled(Array.from({ length: count }, () => startWorker(script, failed)));
  const hosts = started.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const failure = started.find((one) => one.status === "rejected");
  if (!failure) return hosts;
  for (const host of hosts) host.end();
  throw failure.reason;
}
