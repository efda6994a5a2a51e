import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
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

/** A hundred kills in the deep run: rounds of five. */
const rounds = process.env.KINSHIP_DEEP === "1" ? 20 : 1;

test("a process that is killed again and again ends with the same bits as one that is not", {
  timeout: 300_000 * rounds,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), "kinship-kill-"));
  const made = (name: string): string => {
    mkdirSync(join(folder, name));
    return join(folder, name);
  };
  try {
    const calm = made("calm");
    await run(calm, Number.POSITIVE_INFINITY, 0);
    for (let round = 0; round < rounds; round++) {
      const rough = made(`rough${round}`);
      const moment = fc.tuple(fc.integer({ min: 1, max: 12 }), fc.nat(8));
      for (const [checkpoints, milliseconds] of fc.sample(moment, { numRuns: 5, seed: 3 + round }))
        await run(rough, checkpoints, milliseconds);
      await run(rough, Number.POSITIVE_INFINITY, 0);
      for (const name of ["model", "history", "checkpoint"])
        expect(readFileSync(join(rough, name)).equals(readFileSync(join(calm, name)))).toBe(true);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
