import { exitCode } from "./errors.js";
import { run } from "./run.js";

/** Runs the command line on this process: its streams, its environment, Ctrl-C as an abort. */
export async function runProcess(commandLine: readonly string[]): Promise<void> {
  const controller = new AbortController();
  const interrupt = (): void => {
    // The second time somebody insists: give up at once.
    if (controller.signal.aborted) process.exit(exitCode.interrupted);
    controller.abort();
  };
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  // `kinship predict … | head` closes the pipe early: no error of ours.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(exitCode.ok);
    throw error;
  });
  try {
    process.exitCode = await run(commandLine, {
      output: process.stdout,
      error: process.stderr,
      signal: controller.signal,
      environment: process.env,
    });
  } finally {
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", interrupt);
  }
}
