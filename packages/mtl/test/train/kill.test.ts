import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { expect, test } from "vitest";

const script = fileURLToPath(new URL("./killable.mjs", import.meta.url));

/** Runs the script; after so many of its checkpoints, and a little more, it is killed without warning. */
const run = (folder: string, checkpoints: number, milliseconds: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, folder], { stdio: ["ignore", "pipe", "inherit"] });
    let seen = 0;
    child.stdout.on("data", (dots: Buffer) => {
      seen += dots.length;
      if (seen >= checkpoints) setTimeout(() => child.kill("SIGKILL"), milliseconds);
    });
    child.on("error", reject);
    child.on("exit", (code, signal) =>
      code === 0 || signal === "SIGKILL" ? resolve() : reject(new Error(`the training exited with ${code}`)),
    );
  });

test("a process that is killed again and again ends with the same bits as one that is not", {
  timeout: 300_000,
}, async () => {
  const [calm, rough] = ["calm", "rough"].map((name) => mkdtempSync(join(tmpdir(), `kinship-${name}-`))) as [
    string,
    string,
  ];
  try {
    await run(calm, Number.POSITIVE_INFINITY, 0);
    const moments = fc.sample(fc.tuple(fc.integer({ min: 1, max: 12 }), fc.nat(8)), { numRuns: 5, seed: 3 });
    for (const [checkpoints, milliseconds] of moments) await run(rough, checkpoints, milliseconds);
    await run(rough, Number.POSITIVE_INFINITY, 0);
    for (const name of ["model", "history", "checkpoint"])
      expect(readFileSync(join(rough, name)).equals(readFileSync(join(calm, name)))).toBe(true);
  } finally {
    for (const folder of [calm, rough]) rmSync(folder, { recursive: true });
  }
});
