import { type Message, ready } from "./messages.js";

/** A worker of either kind, as far as it is needed here. */
interface Port {
  postMessage(message: Message): void;
}

export interface Host extends Port {
  /** Whether it is known to have ended, asked without a turn of the event loop. */
  hasEnded(): boolean;
  /** Has it end as soon as it listens: it must have no call left to help with, and messages to be counted. */
  end(): void;
}

interface NodeWorker extends Port {
  on(event: string, listener: (value: never) => void): void;
  unref(): void;
  readonly performance: { eventLoopUtilization(): { readonly idle: number; readonly active: number } };
}

interface Builtin {
  readonly Worker: new (script: string | URL, options: { readonly execArgv: readonly string[] }) => NodeWorker;
  availableParallelism(): number;
}

const builtin = (name: string): Builtin | undefined =>
  (globalThis as { process?: { getBuiltinModule?(name: string): Builtin } }).process?.getBuiltinModule?.(name);

/** How many threads the machine runs at a time. */
export const processors = (): number =>
  builtin("node:os")?.availableParallelism() ?? globalThis.navigator?.hardwareConcurrency ?? 1;

/**
 * Starts a worker; resolves when it listens. It does not keep a Node process alive.
 * @param failed is told of what ends it later.
 */
export function startWorker(script: string | URL | undefined, failed: (reason: string) => void): Promise<Host> {
  return new Promise((resolve, reject) => {
    let isEnding = false;
    let isGreeted = false;
    const fail = (reason: string): void => {
      reject(new Error(`openThreads: a worker did not start: ${reason}`));
      if (!isEnding) failed(reason);
    };
    const greeted = (message: unknown, worker: Port, hasEnded: () => boolean): boolean => {
      if (message !== ready) return false;
      if (!isGreeted) {
        isGreeted = true;
        worker.postMessage({ kind: "greet" });
        return false;
      }
      resolve({
        postMessage: (message) => worker.postMessage(message),
        hasEnded,
        end() {
          isEnding = true;
          worker.postMessage({ kind: "end" });
        },
      });
      return true;
    };
    const node = builtin("node:worker_threads");
    if (node) {
      // Without the flags of this process: they may be about its own script.
      const worker = new node.Worker(script ?? new URL("./worker.js", import.meta.url), { execArgv: [] });
      worker.on("error", (error: Error) => fail(error.message));
      worker.on("exit", (code: number) => fail(`it ended with code ${code}`));
      worker.on("message", (message: unknown) => {
        const listens = greeted(message, worker, () => {
          // Of a worker that has ended Node gives no times, or −1, before the event that says so.
          const { idle, active } = worker.performance.eventLoopUtilization();
          return active === 0 || idle < 0;
        });
        if (listens) worker.unref();
      });
      return;
    }
    // Bundlers know a worker's script by this form, written out.
    const worker = script
      ? new Worker(script, { type: "module" })
      : new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
    worker.onerror = (event) => fail(event.message ?? "its script could not be loaded; pass { worker: url }");
    // Pages say nothing of a worker to who does not return to the event loop.
    worker.onmessage = ({ data }) => greeted(data, worker, () => false);
  });
}
