export type { Threads } from "../compile/build.js";
export { openThreads, type ThreadOptions } from "./open.js";
