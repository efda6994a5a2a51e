import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { expect, test } from "vitest";

const script = fileURLToPath(new URL("./killable.mjs", import.meta.url));

/**
 * Runs the script; after so many of its checkpoints, and a little more, it is killed without warning. Whether it was:
 * it may have ended before.
 */
const run = (folder: string, checkpoints: number, milliseconds: number): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, folder], { stdio: ["ignore", "pipe", "inherit"] });
    let seen = 0;
    child.stdout.on("data", (dots: Buffer) => {
      seen += dots.length;
      if (seen >= checkpoints) setTimeout(() => child.kill("SIGKILL"), milliseconds);
    });
    child.on("error", reject);
    child.on("exit", (code, signal) =>
      code === 0 || signal === "SIGKILL"
        ? resolve(signal === "SIGKILL")
        : reject(new Error(`the training exited with ${code}`)),
    );
  });

/** A hundred kills in the deep run, at other moments for each of its seeds. */
const wanted = process.env.KINSHIP_DEEP === "1" ? 100 : 4;
const { seed = 0 } = fc.readConfigureGlobal();

test("a process that is killed again and again ends with the same bits as one that is not", {
  timeout: 75_000 * wanted,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), "kinship-kill-"));
  const made = (name: string): string => {
    mkdirSync(join(folder, name));
    return join(folder, name);
  };
  try {
    const calm = made("calm");
    await run(calm, Number.POSITIVE_INFINITY, 0);
    let kills = 0;
    for (let round = 0; kills < wanted; round++) {
      const rough = made(`rough${round}`);
      const moment = fc.tuple(fc.integer({ min: 1, max: 12 }), fc.nat(8));
      for (const [checkpoints, milliseconds] of fc.sample(moment, { numRuns: 5, seed: (seed + round) | 0 }))
        if (await run(rough, checkpoints, milliseconds)) kills++;
      await run(rough, Number.POSITIVE_INFINITY, 0);
      for (const name of ["model", "history", "checkpoint"])
        expect(readFileSync(join(rough, name)).equals(readFileSync(join(calm, name)))).toBe(true);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
