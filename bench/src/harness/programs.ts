import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import type { Settings } from "./calls.js";
import type { Contestant } from "./contestant.js";
import type { Case, Program, ProgramFamily } from "./family.js";
import { message } from "./host.js";
import { Lost } from "./protocol.js";
import type { Entry, Outcome } from "./results.js";
import { summarize } from "./statistics.js";
import { verify } from "./verify.js";

/** How a peer's programs are started, and what makes one print the largest memory it held, in kilobytes. */
export interface Runtime {
  readonly command: string;
  readonly options: readonly string[];
  readonly printPeak: string;
}

export const nodeRuntime = (command: string): Runtime => ({
  command,
  options: ["--input-type=module", "--eval"],
  printPeak: "console.log(process.resourceUsage().maxRSS);",
});

export const pythonRuntime = (command: string): Runtime => ({
  command,
  options: ["-c"],
  printPeak: "import resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)",
});

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
        const { answer, elapsed, peak } = await runProgram(entrant, folder, settings.timeOut);
        const verdict = verify([answer], [family.reference(row.parameters)], family.tolerance);
        if (!verdict.right) {
          outcomes.set(entrant.contestant, { state: "wrong", reason: verdict.reason });
          continue;
        }
        errors.set(entrant, verdict.error);
        if (family.quantity === "start") collected.push(elapsed);
        else if (family.quantity === "memory") collected.push(peak);
        else collected.push(await bundledBytes(entrant.program, folder));
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
  return contestants.map((contestant) => ({
    peer: contestant.peer,
    origin: contestant.origin,
    outcome: outcomes.get(contestant)!,
  }));
}

const MISSING = /ERR_MODULE_NOT_FOUND|ModuleNotFoundError|Cannot find (module|package)|ENOENT/;

const failure = (error: unknown): Outcome =>
  error instanceof Lost
    ? { state: error.state, reason: error.message }
    : { state: MISSING.test(String(error)) ? "absent" : "failed", reason: message(error) };

/** Nanoseconds from the start of the process to its first answer, and the most bytes it held. */
function runProgram(
  { program, runtime }: Entrant,
  folder: string,
  timeOut: number,
): Promise<{ answer: number[]; elapsed: number; peak: number }> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(runtime.command, [...runtime.options, `${program.source}\n${runtime.printPeak}`], {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let elapsed: number | undefined;
    let output = "";
    let complaint = "";
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Lost("timed out", `no answer in ${timeOut / 1000} s`));
    }, timeOut);
    child.stdout.on("data", (chunk) => {
      output += chunk;
      // Some libraries greet on the console: only a line that is a list of numbers counts.
      const lines = output
        .split("\n")
        .slice(0, -1)
        .filter((line) => /^(\[.*\]|\d+)$/.test(line));
      if (lines.length > 0) elapsed ??= performance.now() - start;
      if (lines.length < 2) return;
      clearTimeout(timer);
      child.kill("SIGKILL");
      resolve({ answer: JSON.parse(lines[0]!), elapsed: elapsed! * 1e6, peak: Number(lines[1]) * 1024 });
    });
    child.stderr.on("data", (chunk) => {
      complaint = `${complaint}${chunk}`.slice(-4000);
    });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      const reason = /^\w*Error.*$/m.exec(complaint)?.[0] ?? `exit ${signal ?? code}`;
      reject(signal !== null && signal !== "SIGKILL" ? new Lost("crashed", reason) : new Error(reason));
    });
  });
}

/** Minified and gzipped for browsers, with the files it fetches when it starts. */
async function bundledBytes({ source, assets = [] }: Program, folder: string): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: folder },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    write: false,
    logLevel: "silent",
    external: ["node:*", "fs", "path", "os", "util", "crypto", "worker_threads", "perf_hooks", "gl", "webgpu"],
  });
  const require = createRequire(path.join(folder, "package.json"));
  const files = await Promise.all(assets.map((asset) => readFile(require.resolve(asset))));
  const texts = [...outputFiles.map(({ contents }) => contents), ...files];
  return texts.reduce((total, contents) => total + gzipSync(contents, { level: 9 }).length, 0);
}
