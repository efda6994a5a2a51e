import { spawnSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";

// All tests, with ten thousand cases for each property and a seed that differs from run to run.
//   npm run test:deep                         another seed each time; it is printed first and last
//   npm run test:deep -- --seed=123           the same cases again
//   npm run test:deep -- --runs=500 test/laws fewer cases, some files; other words are vitest's

const words = process.argv.slice(2);
const { values } = parseArgs({
  args: words,
  options: { seed: { type: "string" }, runs: { type: "string" } },
  strict: false,
});
const rest = words.filter((word) => !/^--(seed|runs)=/.test(word));
const seed = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed);
const runs = Number(values.runs ?? 10_000);
if (!Number.isInteger(seed) || !Number.isInteger(runs) || runs < 1) {
  console.error(`test:deep: --seed and --runs must be whole numbers, found ${values.seed} and ${values.runs}`);
  process.exit(2);
}

const manifest = createRequire(import.meta.url).resolve("vitest/package.json");
const again = `npm run test:deep -- --seed=${seed}`;
console.log(`${runs} cases for each property, seed ${seed}; the same again: ${again}`);
const started = Date.now();
const { status } = spawnSync(
  process.execPath,
  [join(dirname(manifest), "vitest.mjs"), "run", "--testTimeout=3600000", ...rest],
  {
    stdio: "inherit",
    env: { ...process.env, KINSHIP_DEEP: "1", KINSHIP_RUNS: String(runs), KINSHIP_SEED: String(seed) },
  },
);
const minutes = ((Date.now() - started) / 60_000).toFixed(1);
console.log(`${status === 0 ? "passed" : "failed"} in ${minutes} minutes with seed ${seed}; the same again: ${again}`);
process.exit(status ?? 1);
