import type { Libraries } from "../peers/libraries.js";

/**
 * ours: what this project offers; script: libraries of JavaScript and WebAssembly, the field we are measured in;
 * native: compiled for this processor, a yardstick; machine: the limits themselves; threads: ours on several threads,
 * which is compared with ours on one and with nobody else.
 */
export type Origin = "ours" | "script" | "native" | "machine" | "threads";

/** A library to measure, in one of its backends. Runs in a process of its own. */
export interface Peer<L extends keyof Libraries = keyof Libraries> {
  readonly name: string;
  readonly origin: Origin;
  readonly library: L;
  /** npm packages whose versions are written into the results. */
  readonly packages: readonly string[];
  /** Left out of `--quick`, with the reason. */
  readonly slow?: string;
  /** The rows that it takes part in, where these are not all. */
  readonly only?: readonly string[];
  /** Imports the packages and makes the backend ready. Throws where they are not installed. */
  load(): Promise<Libraries[L]>;
}

/** A peer that speaks the same protocol from another language. */
export interface ForeignPeer {
  readonly name: string;
  readonly origin: "native";
  readonly language: "python";
}

export type AnyPeer = Peer | ForeignPeer;

/** As with families: written with its own library, listed without it. */
export function peer<L extends keyof Libraries>(definition: Peer<L>): Peer {
  return definition as unknown as Peer;
}
