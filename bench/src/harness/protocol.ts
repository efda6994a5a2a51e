import type { Outputs } from "./values.js";

/** From the harness to a peer's process. Each is answered once, by its `id`. */
export type Request = { readonly id: number } & Ask;

export type Ask =
  | { readonly type: "load" }
  | { readonly type: "prepare"; readonly family: string; readonly case: string }
  | { readonly type: "time"; readonly milliseconds: number; readonly warmUp: boolean }
  /** Runs what is prepared so many times and tells the most memory the process ever held. */
  | { readonly type: "peak"; readonly runs: number }
  | { readonly type: "release" };

export type Answer =
  | { readonly type: "loaded"; readonly versions: Readonly<Record<string, string>> }
  /** The library is not installed, or not for this machine. */
  | { readonly type: "absent"; readonly reason: string }
  /** Nobody wrote this row for the peer, or its library cannot do it. */
  | { readonly type: "none"; readonly written: boolean; readonly reason: string }
  | { readonly type: "prepared"; readonly outputs: Outputs; readonly firstCall: number }
  /** Nanoseconds of one call, a sample each. */
  | { readonly type: "timed"; readonly samples: ArrayLike<number> }
  | { readonly type: "peaked"; readonly bytes: number }
  | { readonly type: "released" }
  | { readonly type: "failed"; readonly reason: string };

export type Reply = { readonly id: number } & Answer;

/** What cannot be answered any more: the process ended, or did not answer in time. */
export class Lost extends Error {
  constructor(
    readonly state: "absent" | "crashed" | "timed out",
    message: string,
  ) {
    super(message);
    this.name = "Lost";
  }
}
