import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, vi } from "vitest";
import { run } from "../src/run.js";

// A fit and its report take a second alone, and many where other tests run beside them: time is not what is tested.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** A folder that goes when the tests of the file are over. */
export function temporaryFolder(): { readonly path: string; file(name: string, text: string | Uint8Array): string } {
  const path = mkdtempSync(join(tmpdir(), "kinship-"));
  afterAll(() => rmSync(path, { recursive: true, force: true }));
  return {
    path,
    file(name, text) {
      writeFileSync(join(path, name), text);
      return join(path, name);
    },
  };
}

export interface Finished {
  readonly code: number;
  readonly output: string;
  readonly error: string;
}

export interface Conditions {
  readonly signal?: AbortSignal;
  readonly isTTY?: boolean;
  readonly environment?: Record<string, string>;
  /** Sees every piece that is written to standard error. */
  readonly onError?: (text: string) => void;
}

/** Runs the command line in this process, with captured streams. */
export async function kinship(commandLine: readonly string[], conditions: Conditions = {}): Promise<Finished> {
  const { signal = new AbortController().signal, isTTY = false, environment = {}, onError } = conditions;
  const written = { output: "", error: "" };
  const code = await run(commandLine, {
    output: { write: (text) => (written.output += text), isTTY, columns: 100 },
    error: {
      write: (text) => {
        written.error += text;
        onError?.(text);
      },
      isTTY,
      columns: 100,
    },
    signal,
    environment,
  });
  return { code, ...written };
}
