import { fileURLToPath } from "node:url";
import {
  type Comparison,
  compareModels,
  type KinshipBuilder,
  meanKinship,
  parentsFromColumn,
  splitWithinTasks,
  treeKinship,
} from "@kinship/mtl";
import { readTable } from "./support/csv.js";

const folder = new URL(import.meta.url.includes("/dist/") ? "../data/hsb/" : "./data/hsb/", import.meta.url);

/** Each school hangs from its sector, public or catholic. */
export function sectorKinship(): KinshipBuilder {
  return treeKinship({ parents: parentsFromColumn(readTable(new URL("schools.csv", folder)), "school", "sector") });
}

/** A quarter of each school's students train; all penalties are chosen by cross-validation on them. */
export function compareOnSchools(seed: number, kinship: KinshipBuilder): Promise<Comparison> {
  const table = readTable(new URL("students.csv", folder));
  const split = splitWithinTasks(table, { task: "school", test: 0.75, seed });
  return compareModels({ table, schema: { task: "school", target: "math" }, split, kinship, seed });
}

async function main(): Promise<void> {
  console.log("High School & Beyond: test MSE, a quarter of each school's students train");
  console.log("seed   single   pooled   mean kinship   by sector   λ        λ_intercept");
  const sums = [0, 0, 0, 0];
  const row = (label: string, values: readonly string[]) =>
    console.log(label.padEnd(7) + [9, 9, 15, 12, 9, 0].map((width, k) => (values[k] ?? "").padEnd(width)).join(""));
  for (let seed = 0; seed < 10; seed++) {
    const { single, pooled, multi: mean } = await compareOnSchools(seed, meanKinship());
    const { multi: tree } = await compareOnSchools(seed, sectorKinship());
    const errors = [single, pooled, mean, tree].map(({ judgement }) => judgement.error);
    for (const [k, error] of errors.entries()) sums[k]! += error / 10;
    const penalties = [tree.model.lambda, tree.model.lambdaIntercept].map((value) => value.toPrecision(3));
    row(String(seed), [...errors.map((error) => error.toFixed(3)), ...penalties]);
  }
  row(
    "mean",
    sums.map((sum) => sum.toFixed(3)),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
