import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Results } from "./harness/results.js";
import { drawChart, THEMES } from "./report/chart.js";

const folder = path.resolve(import.meta.dirname, "..");

/** The results named, or the latest full ones. */
async function resultsFile(named: string | undefined): Promise<string> {
  if (named !== undefined) return path.resolve(named);
  const kept = (await readdir(path.join(folder, "results"))).filter((name) => /^[\d-]+-node[\d-]+\.json$/.test(name));
  const latest = kept.sort().at(-1);
  if (latest === undefined) throw new Error("no results to draw: npm run bench -- --keep");
  return path.join(folder, "results", latest);
}

const results: Results = JSON.parse(await readFile(await resultsFile(process.argv[2]), "utf8"));
const images = path.resolve(folder, "..", "docs", "images");
await mkdir(images, { recursive: true });
for (const theme of ["light", "dark"] as const)
  await writeFile(path.join(images, `bench-${theme}.svg`), drawChart(results, THEMES[theme]));
