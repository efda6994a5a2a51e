import type { Summary } from "../../src/harness/statistics.js";

/** What became of one backend with one kernel. Times are of one call or step, in milliseconds. */
export type Outcome =
  | { readonly state: "waiting" | "right" }
  | { readonly state: "measured"; readonly milliseconds: Summary }
  | { readonly state: "missing" | "wrong" | "failed"; readonly reason: string };

export interface Row {
  readonly kernel: string;
  readonly size: string;
  readonly backend: string;
  /** The largest difference from the evaluator's answer, of its largest value; undefined until it was compared. */
  readonly error?: number;
  readonly outcome: Outcome;
}

export interface Machine {
  readonly browser: string;
  readonly cores: number;
  /** Whether the page has shared memory and a fine clock. */
  readonly crossOriginIsolated: boolean;
  readonly devices: Readonly<Record<string, string>>;
}

export interface Results {
  readonly date: string;
  readonly machine: Machine;
  readonly secondsForEach: number;
  readonly rows: readonly Row[];
}

export const printed = (results: Results): string => JSON.stringify(results, null, 2);
