import type { Libraries } from "../peers/libraries.js";
import type { Inputs, Outputs, Parameters } from "./values.js";

/** One computation, made ready by a peer: its inputs lie in the library's own arrays. */
export interface Prepared {
  /** Computes once. What is timed. */
  run(): unknown;
  /** The numbers in what `run` returned. Never timed. */
  read(result: unknown): Outputs | Promise<Outputs>;
  /** Where `run` gives a promise, or the result must be waited for. */
  readonly asynchronous?: boolean;
  /** Lets go of the inputs. */
  close?(): void;
}

/** Thrown by an implementation whose library cannot do this row at all: named in the table, but no fault. */
export class Lacking extends Error {
  override readonly name = "Lacking";
}

/** What one run costs at least; the machine's limits turn it into the shortest possible time. */
export interface Work {
  readonly flops?: number;
  readonly bytes?: number;
  readonly dtype?: "float32" | "float64";
}

export interface Case<P extends Parameters = Parameters> {
  readonly name: string;
  readonly parameters: P;
  /** Part of `--quick`. */
  readonly quick?: boolean;
}

export type Implementations<P extends Parameters> = {
  readonly [L in keyof Libraries]?: (
    library: Libraries[L],
    inputs: Inputs,
    parameters: P,
  ) => Prepared | Promise<Prepared>;
};

interface Named<P extends Parameters> {
  readonly name: string;
  readonly about: string;
  readonly cases: readonly Case<P>[];
}

/** Rows that are one call, timed inside the peer's process. */
export interface CallFamily<P extends Parameters = Parameters> extends Named<P> {
  readonly kind: "call";
  /** Whether the time of the first call, compilation and all, makes a row of its own. */
  readonly compiles?: boolean;
  /**
   * Calls before the result is read and compared: training steps show a wrong gradient only from the second
   * on, and an engine compiles a long loop only after some of its rounds.
   */
  readonly runsBeforeReading?: number;
  /** Largest allowed |difference| over the largest |reference value|, output by output. */
  tolerance(parameters: P): number;
  inputs(parameters: P): Inputs;
  /** Plain loops in float64: slow and clear. */
  reference(inputs: Inputs, parameters: P): Outputs;
  work(parameters: P): Work;
  readonly implementations: Implementations<P>;
}

/** An ES module's source, or a Python script's. */
export interface Program {
  readonly source: string;
  /** What a page writes instead, where that does not start in Node; bundled, and never run. */
  readonly page?: string;
  /** Files that the program fetches when it runs in a browser, as module specifiers: part of a bundle's size. */
  readonly assets?: readonly string[];
}

/** Rows that are a program of its own: its time from start to answer, or its size when bundled. */
export interface ProgramFamily<P extends Parameters = Parameters> extends Named<P> {
  readonly kind: "program";
  readonly quantity: "start" | "bundle";
  readonly tolerance: number;
  /** What the program must print: one JSON array of numbers. */
  reference(parameters: P): readonly number[];
  /** By the peer's name. */
  programs(parameters: P): Readonly<Record<string, Program>>;
}

/** Rows that are the most memory a fresh process held while it did another family's row many times. */
export interface PeakFamily<P extends Parameters = Parameters> extends Named<P> {
  readonly kind: "peak";
  /** Its cases have the names and parameters of these. */
  readonly of: CallFamily;
  readonly runs: number;
}

export type Family = CallFamily | ProgramFamily | PeakFamily;

/**
 * Families are written with their own parameters and listed without them.
 * Sound, because the harness hands a family only the parameters from its own cases.
 */
export function callFamily<P extends Parameters>(family: Omit<CallFamily<P>, "kind">): CallFamily {
  return { kind: "call", ...family } as unknown as CallFamily;
}

export function programFamily<P extends Parameters>(family: Omit<ProgramFamily<P>, "kind">): ProgramFamily {
  return { kind: "program", ...family } as unknown as ProgramFamily;
}

/** The peak of a process that runs each of these cases so many times. */
export const peakFamily = (of: CallFamily, cases: readonly string[], runs: number): PeakFamily => ({
  kind: "peak",
  name: `peak memory, ${runs} times ${of.name}`,
  about: "the largest resident set of a process that loads the library and does nothing else",
  cases: of.cases.filter(({ name }) => cases.includes(name)),
  of,
  runs,
});
