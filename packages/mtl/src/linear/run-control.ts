export interface Progress {
  /** What runs now, for people: "cross-validation, multi-task". */
  readonly stage: string;
  readonly done: number;
  readonly total: number;
}

export interface RunControl {
  readonly onProgress?: (progress: Progress) => void;
  /** Aborting rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * Called between pieces of work: reports, hands the thread back now and then, and throws or rejects if aborted. Nothing
 * to wait for where it is not yet time.
 */
export type Breather = (done: number, total: number) => Promise<void> | undefined;

/** So long (milliseconds) may the thread be kept from others. */
const slice = 30;

export function breather(stage: string, { onProgress, signal }: RunControl): Breather {
  let last = performance.now();
  const pause = async (): Promise<void> => {
    await nextTurn();
    last = performance.now();
    signal?.throwIfAborted();
  };
  return (done, total) => {
    onProgress?.({ stage, done, total });
    return performance.now() - last >= slice || signal?.aborted ? pause() : undefined;
  };
}

/**
 * Events and drawing get their turn. Not by a timer: those are held back, by 1 ms in Node.js and 4 ms in pages where
 * they follow each other.
 */
const nextTurn = (): Promise<void> =>
  new Promise((resolve) => {
    const { setImmediate } = globalThis as { readonly setImmediate?: (next: () => void) => void };
    if (setImmediate) return setImmediate(resolve);
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
