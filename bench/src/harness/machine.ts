import os from "node:os";
import type { Machine } from "./results.js";

/** The machine without its name. */
export const describeMachine = (): Machine => ({
  processor: os.cpus()[0]?.model.trim() ?? "unknown",
  cores: os.availableParallelism(),
  memoryGigabytes: Math.round(os.totalmem() / 2 ** 30),
  system: `${os.platform()} ${os.arch()}`,
  loadAtStart: os.loadavg()[0]!,
});
