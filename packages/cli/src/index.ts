export { exitCode } from "./errors.js";
export type { Surroundings, TextStream } from "./io.js";
export { run } from "./run.js";
