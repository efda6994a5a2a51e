import type { Outputs } from "../../../src/harness/values.js";
import type { Problem } from "../kernels/kernel.js";

export interface Backend {
  readonly name: string;
  /** Why it cannot be had in this browser; undefined where it can. */
  missing(): Promise<string | undefined>;
  open(): Promise<Session>;
}

export interface Session {
  prepare(problem: Problem): Promise<Prepared>;
  close(): Promise<void>;
}

export interface Prepared {
  /** Computes once, or takes a few steps, for the numbers to be compared. Called before anything is timed. */
  check(): Promise<Outputs>;
  /** What is timed: a call, or some steps, until numbers are back. */
  sample(): Promise<void>;
  /** Calls or steps in a sample. */
  readonly calls: number;
  close(): Promise<void>;
}

/** Steps taken before results are compared: a wrong gradient shows in the second. */
export const stepsToCheck = 3;

/** Steps timed together. */
export const stepsInSample = 10;
