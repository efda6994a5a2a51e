/** The world around one run of the program; tests pass their own. */
export interface Surroundings {
  readonly output: TextStream;
  readonly error: TextStream;
  readonly signal: AbortSignal;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export interface TextStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** Colour only where a person looks, and never against NO_COLOR (https://no-color.org). */
export function wantsColour(stream: TextStream, environment: Surroundings["environment"]): boolean {
  return stream.isTTY === true && !environment.NO_COLOR && environment.TERM !== "dumb";
}

export const isInterrupted = (error: unknown, signal: AbortSignal): boolean =>
  signal.aborted && (error === signal.reason || (error instanceof Error && error.name === "AbortError"));

/** An interruption that leaves something behind: the message says what, and how to go on. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}
