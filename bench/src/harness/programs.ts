import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { builtinModules, createRequire } from "node:module";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { entriesOf, type Settings } from "./calls.js";
import type { Contestant } from "./contestant.js";
import type { Case, Program, ProgramFamily } from "./family.js";
import { message } from "./host.js";
import { Lost } from "./protocol.js";
import type { Entry, Outcome } from "./results.js";
import { summarize } from "./statistics.js";
import { verify } from "./verify.js";

/** How a peer's programs are started: the program's source comes last. */
export interface Runtime {
  readonly command: string;
  readonly options: readonly string[];
}

export const nodeRuntime = (command: string): Runtime => ({ command, options: ["--input-type=module", "--eval"] });

export const pythonRuntime = (command: string): Runtime => ({ command, options: ["-c"] });

interface Entrant {
  readonly contestant: Contestant;
  readonly program: Program;
  readonly runtime: Runtime;
}

/** Runs each peer's program in a process of its own, in turn; the first answer of each is verified. */
export async function measureProgram(
  family: ProgramFamily,
  row: Case,
  contestants: readonly Contestant[],
  runtimeOf: (contestant: Contestant) => Runtime,
  folder: string,
  settings: Settings,
): Promise<Entry[]> {
  const programs = family.programs(row.parameters);
  const outcomes = new Map<Contestant, Outcome>();
  const samples = new Map<Entrant, number[]>();
  const errors = new Map<Entrant, number>();
  for (const contestant of contestants) {
    const program = programs[contestant.peer];
    if (program === undefined)
      outcomes.set(contestant, {
        state: contestant.origin === "ours" ? "unstarted" : "none",
        reason: "has nothing for this row",
      });
    else samples.set({ contestant, program, runtime: runtimeOf(contestant) }, []);
  }
  const rounds = family.quantity === "bundle" ? 1 : settings.rounds;
  for (let round = 0; round < rounds; round++)
    for (const [entrant, collected] of samples) {
      if (outcomes.has(entrant.contestant)) continue;
      try {
        const { answer, elapsed } = await runProgram(entrant, folder, settings.timeOut);
        const verdict = verify([answer], [family.reference(row.parameters)], family.tolerance);
        if (!verdict.right) {
          outcomes.set(entrant.contestant, { state: "wrong", reason: verdict.reason });
          continue;
        }
        errors.set(entrant, verdict.error);
        collected.push(family.quantity === "start" ? elapsed : await bundledBytes(entrant.program, folder));
      } catch (error) {
        outcomes.set(entrant.contestant, failure(error));
      }
    }
  for (const [entrant, collected] of samples)
    if (!outcomes.has(entrant.contestant))
      outcomes.set(entrant.contestant, {
        state: "measured",
        summary: summarize(collected),
        error: errors.get(entrant) ?? 0,
      });
  return entriesOf(contestants, outcomes);
}

const MISSING = /ERR_MODULE_NOT_FOUND|ModuleNotFoundError|Cannot find (module|package)|ENOENT/;

const failure = (error: unknown): Outcome =>
  error instanceof Lost
    ? { state: error.state, reason: error.message }
    : { state: MISSING.test(String(error)) ? "absent" : "failed", reason: message(error) };

/** Nanoseconds from the start of the process to its answer. */
function runProgram(
  { program, runtime }: Entrant,
  folder: string,
  timeOut: number,
): Promise<{ answer: number[]; elapsed: number }> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(runtime.command, [...runtime.options, program.source], {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    let output = "";
    let complaint = "";
    const timer = setTimeout(() => {
      reject(new Lost("timed out", `no answer in ${timeOut / 1000} s`));
      child.kill("SIGKILL");
    }, timeOut);
    child.stdout.on("data", (chunk) => {
      output += chunk;
      // Some libraries greet on the console: only a whole line that is a list counts.
      const line = output
        .split("\n")
        .slice(0, -1)
        .find((text) => /^\[.*\]$/.test(text));
      if (line === undefined) return;
      resolve({ answer: JSON.parse(line), elapsed: (performance.now() - start) * 1e6 });
      child.kill("SIGKILL");
    });
    child.stderr.on("data", (chunk) => {
      complaint = `${complaint}${chunk}`.slice(-4000);
    });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      const reason = /^\w*Error.*$/m.exec(complaint)?.[0] ?? `no answer, exit ${signal ?? code}`;
      reject(signal === null ? new Error(reason) : new Lost("crashed", `signal ${signal}`));
    });
  });
}

/** Minified and gzipped for browsers, with the files it fetches when it starts. */
async function bundledBytes({ source, page = source, assets = [] }: Program, folder: string): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents: page, resolveDir: folder },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    write: false,
    logLevel: "silent",
    // A page has none of these; a library that needs them to start does not run there, and is told here by its size alone.
    external: ["node:*", ...builtinModules, "gl", "webgpu"],
  });
  const require = createRequire(path.join(folder, "package.json"));
  const files = await Promise.all(assets.map((asset) => readFile(require.resolve(asset))));
  const texts = [...outputFiles.map(({ contents }) => contents), ...files];
  return texts.reduce((total, contents) => total + gzipSync(contents, { level: 9 }).length, 0);
}
