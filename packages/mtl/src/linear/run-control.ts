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

/** Called between pieces of work: reports, hands the thread back now and then, and throws if aborted. */
export type Breather = (done: number, total: number) => Promise<void>;

/** So long (milliseconds) may the thread be kept from others. */
const slice = 30;

export function breather(stage: string, { onProgress, signal }: RunControl): Breather {
  let last = performance.now();
  return async (done, total) => {
    onProgress?.({ stage, done, total });
    if (performance.now() - last >= slice || signal?.aborted) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      last = performance.now();
    }
    signal?.throwIfAborted();
  };
}
