import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { type CallFamily, type Family, Lacking, type Prepared } from "./family.js";
import type { Peer } from "./peer.js";
import type { Answer, Ask } from "./protocol.js";
import { time } from "./timing.js";

/** Answers for one peer, inside its own process. */
export class Host {
  private loaded: unknown;
  private prepared: Prepared | undefined;

  constructor(
    private readonly peer: Peer,
    private readonly families: readonly Family[],
  ) {}

  async answer(ask: Ask): Promise<Answer> {
    switch (ask.type) {
      case "load":
        return this.load();
      case "prepare":
        return this.prepare(ask.family, ask.case);
      case "time":
        return { type: "timed", samples: await time(this.current(), ask.milliseconds, ask.warmUp) };
      case "peak":
        for (let run = 0; run < ask.runs; run++) await this.current().run();
        return { type: "peaked", bytes: await peakOfProcess() };
      case "release":
        this.prepared?.close?.();
        this.prepared = undefined;
        return { type: "released" };
    }
  }

  private current(): Prepared {
    if (this.prepared === undefined) throw new Error("nothing is prepared");
    return this.prepared;
  }

  private async load(): Promise<Answer> {
    try {
      this.loaded = await this.peer.load();
    } catch (error) {
      return { type: "absent", reason: message(error) };
    }
    const versions = await Promise.all(this.peer.packages.map(async (name) => [name, await versionOf(name)] as const));
    return { type: "loaded", versions: Object.fromEntries(versions) };
  }

  private async prepare(familyName: string, caseName: string): Promise<Answer> {
    const family = this.families.find(({ name, kind }) => name === familyName && kind === "call") as
      | CallFamily
      | undefined;
    const parameters = family?.cases.find(({ name }) => name === caseName)?.parameters;
    if (family === undefined || parameters === undefined) throw new Error(`no row ${familyName}: ${caseName}`);
    const implement = family.implementations[this.peer.library] as
      | ((library: unknown, ...rest: unknown[]) => Prepared | Promise<Prepared>)
      | undefined;
    if (implement === undefined) return { type: "none", written: false, reason: "has nothing for this row" };
    try {
      this.prepared = await implement(this.loaded, family.inputs(parameters), parameters);
    } catch (error) {
      if (error instanceof Lacking) return { type: "none", written: true, reason: error.message };
      throw error;
    }
    let result: unknown;
    const start = performance.now();
    result = await this.prepared.run();
    const firstCall = (performance.now() - start) * 1e6;
    for (let i = 1; i < (family.runsBeforeReading ?? 1); i++) result = await this.prepared.run();
    return { type: "prepared", outputs: await this.prepared.read(result), firstCall };
  }
}

/** The first line, without the places of files: results are published. */
export const message = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error))
    .split("\n")[0]!
    .replace(/ imported from .*/, "")
    .replace(/(file:\/\/)?(\/[\w.@+-]+){2,}/g, "…")
    .slice(0, 200);

/**
 * The largest resident set in bytes. On Linux the high-water mark of this program's own memory: `maxRSS` also counts
 * what the parent held when it forked.
 */
async function peakOfProcess(): Promise<number> {
  const status = await readFile("/proc/self/status", "utf8").catch(() => "");
  return Number(/^VmHWM:\s*(\d+) kB/m.exec(status)?.[1] ?? process.resourceUsage().maxRSS) * 1024;
}

/** From the package.json above a package's entry: many packages do not export theirs. */
async function versionOf(name: string): Promise<string> {
  const require = createRequire(import.meta.url);
  let folder = path.dirname(require.resolve(name));
  for (;;) {
    const text = await readFile(path.join(folder, "package.json"), "utf8").catch(() => "{}");
    const manifest: { name?: string; version?: string } = JSON.parse(text);
    if (manifest.name === name && manifest.version !== undefined) return manifest.version;
    if (path.dirname(folder) === folder) return "unknown";
    folder = path.dirname(folder);
  }
}
