import type { Work } from "./family.js";
import type { Origin } from "./peer.js";
import type { Summary } from "./statistics.js";

/** What became of one peer in one row. */
export type Outcome =
  | { readonly state: "measured"; readonly summary: Summary; readonly error: number; readonly firstCall?: number }
  | {
      readonly state: "absent" | "none" | "wrong" | "failed" | "crashed" | "timed out" | "unstarted";
      readonly reason: string;
    };

export interface Entry {
  readonly peer: string;
  readonly origin: Origin;
  readonly outcome: Outcome;
}

/** `ns`: time of one call or program. `bytes`: a size or a peak. */
export type Unit = "ns" | "bytes";

export interface Row {
  readonly family: string;
  readonly name: string;
  /** The Node version it ran under; Python peers run once and stand in the row of every version. */
  readonly node: string;
  readonly unit: Unit;
  readonly work: Work;
  /** The least that the machine's limits allow, in `unit`; none where the work is not stated. */
  readonly limit: number | undefined;
  readonly entries: readonly Entry[];
}

export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGigabytes: number;
  readonly system: string;
  /** Processes ready to run when the run began: above 0.5 something else was at work. */
  readonly loadAtStart: number;
}

export interface Results {
  readonly date: string;
  readonly machine: Machine;
  readonly quick: boolean;
  readonly versions: Readonly<Record<string, string>>;
  readonly rows: readonly Row[];
}
