import { Presets, SingleBar } from "cli-progress";
import type { TextStream } from "../io.js";

/** What runs now; `done` of `total` where that is known. */
export interface Step {
  readonly stage: string;
  readonly done: number;
  readonly total: number;
}

export interface ProgressDisplay {
  show(step: Step): void;
  /** Clears the line. May be called more than once. */
  stop(): void;
}

/** A bar on a terminal; silence where nobody watches (a file, a pipe, a log). */
export function progressDisplay(stream: TextStream): ProgressDisplay {
  if (stream.isTTY !== true) return { show: () => undefined, stop: () => undefined };
  const bar = new SingleBar(
    {
      stream: stream as unknown as NodeJS.WritableStream,
      format: "{bar} {percentage}% {stage}",
      barsize: 24,
      clearOnComplete: true,
      hideCursor: true,
      // Ctrl-C is an abort of ours: the bar must not end the process.
      gracefulExit: false,
    },
    Presets.shades_classic,
  );
  let current: string | undefined;
  const stop = (): void => {
    if (current !== undefined) bar.stop();
    current = undefined;
  };
  return {
    show({ stage, done, total }) {
      if (stage === current) {
        bar.update(done, { stage });
        return;
      }
      // A new bar is drawn at once, where an update may wait for its turn: every stage is seen.
      stop();
      bar.start(total, done, { stage });
      current = stage;
    },
    stop,
  };
}
